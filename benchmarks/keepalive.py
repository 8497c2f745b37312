"""As much of HTTP/1.1 as a benchmark needs: a client that leaves the processor to the server it measures."""

import asyncio


def request(method: str, url: str, key: str, body: bytes = b"") -> bytes:
    """One request; without a key, as anyone."""
    headers = f"Authorization: Bearer {key}\r\n" if key else ""
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{method} {url} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer on a connection that stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if "transfer-encoding: chunked" not in head:
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        return int(head[9:12]), await reader.readexactly(length)
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return int(head[9:12]), body
