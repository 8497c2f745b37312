"""The customer's API for AI agents, on the official MCP SDK (extra [mcp]): who asks and what is answered, no logic.

Named so that nobody takes it for the SDK, whose package is `mcp`.
"""
