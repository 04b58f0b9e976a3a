"""Fill an empty database with what a Letta server expects to find; run by the server's own Python.

The server's package ships no migrations: the tables come from its models, and one sequence is made by hand, as the
migrations would have done.
"""
# The server's packages are not installed where the type checker looks.
# pyright: basic, reportMissingImports=false

import asyncio

from letta.orm import Base
from letta.server.db import engine
from letta.server.server import SyncServer
from sqlalchemy import text

_STATEMENTS = (
    "create sequence message_seq_id owned by messages.sequence_id",
    "alter table messages alter column sequence_id set default nextval('message_seq_id')",
)


async def bootstrap() -> None:
    """Create the schema, then the records that a server makes on its first start."""
    async with engine.begin() as connection:
        await connection.execute(text("create extension vector"))
        await connection.run_sync(Base.metadata.create_all)
        for statement in _STATEMENTS:
            await connection.execute(text(statement))
    # Two servers that start on one empty database would race to make the default organization and user.
    await SyncServer().init_async()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(bootstrap())
