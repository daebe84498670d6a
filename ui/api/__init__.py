"""The Space for programs: typed endpoints and MCP tools."""
