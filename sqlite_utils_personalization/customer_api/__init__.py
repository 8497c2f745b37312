"""What a customer may do with what is theirs, whatever the entrance: no click, no Datasette, no MCP in here."""
