"""Server side of TLS that sends an alert to the client when a handshake fails, as real servers do.

asyncio's own drops the alert when a handshake fails, and many faults of TLS would look alike.
"""

from __future__ import annotations

import asyncio
import ssl

__all__ = ["secure"]


async def secure(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> asyncio.StreamReader:
    """Do the handshake, and encrypt the writer from then on.

    Returns:
        Reader of the decrypted data.

    Raises:
        OSError: The handshake failed; the alert was sent.

    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    write = writer.write

    async def handshake() -> None:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                write(outgoing.read())
                data = await reader.read(65536)
                if not data:
                    raise ConnectionResetError from None
                incoming.write(data)
            else:
                return

    try:
        await handshake()
    finally:
        write(outgoing.read())
        await writer.drain()

    def write_encrypted(data: bytes) -> None:
        tls.write(data)
        write(outgoing.read())

    plain = asyncio.StreamReader(limit=2**20)

    async def pump() -> None:
        while True:
            try:
                while piece := tls.read(65536):
                    plain.feed_data(piece)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                write(outgoing.read())
                plain.set_exception(error)
                return
            try:
                data = await reader.read(65536)
            except OSError as error:
                plain.set_exception(error)
                return
            if not data:
                plain.feed_eof()
                return
            incoming.write(data)

    writer.write = write_encrypted  # type: ignore[method-assign]
    writer.pump = asyncio.ensure_future(pump())  # type: ignore[attr-defined]
    return plain
