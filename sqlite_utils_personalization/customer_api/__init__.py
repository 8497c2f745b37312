"""What a customer may do with what is theirs, by whatever API: no click, no Datasette, no MCP in here."""
