"""A digest for each customer: what is new of a night, to be sent by whoever sends, and recorded once it was."""
