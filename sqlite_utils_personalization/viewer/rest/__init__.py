"""The customer's own door by HTTP: what is theirs, and nothing else, on routes of Datasette."""
