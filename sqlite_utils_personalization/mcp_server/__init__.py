"""The customer's own door for AI agents, on the official MCP SDK (extra [mcp]): entrances only, no logic.

Named so that nobody takes it for the SDK, whose package is `mcp`.
"""
