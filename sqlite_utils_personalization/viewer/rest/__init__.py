"""The customer's API by HTTP: what is theirs, and nothing else, on routes of Datasette."""
