"""The stories of folders with files, and of archives with passages, as the official Python client tells them."""

import asyncio
import inspect
from typing import Any

from steps import EMBEDDING, MODEL, UNKNOWN, each, only_id, say, tell

COMMON = {"model": MODEL, "embedding": EMBEDDING, "include_base_tools": False}
NOTES = "Ada wrote notes.\nLovelace ✓\n".encode()


async def folders(client: Any, token: str) -> None:
    """Create a folder, upload files and wait for them, attach it to an agent, open and close files, and fail."""
    calls = client.folders
    folder = await make_a_folder(calls, token)
    notes, other = await upload_files(client, folder)
    agent = await say("make an agent", client.agents.create, name="reader", system="Read.", **COMMON, read=only_id)
    await use_in_an_agent(client, agent["id"], folder, notes, other)
    await say("delete a file", calls.files.delete, other.id, folder_id=folder.id)
    await say("delete it again", calls.files.delete, other.id, folder_id=folder.id)
    await say("the agent's files", client.agents.files.list, agent["id"], read=by_name)
    await say("detach the folder", client.agents.folders.detach, folder.id, agent_id=agent["id"])
    await say("the folders of the agent", client.agents.folders.list, agent["id"], read=each)
    await say("the agent's files are gone", client.agents.files.list, agent["id"], read=by_name)
    await say("the agents of the folder", calls.agents.list, folder.id)
    await say("the agent's tools are gone", client.agents.tools.list, agent["id"], read=each)
    for step in ("delete the folder", "delete the folder again"):
        await say(step, calls.delete, folder.id)
    await say("read the folder then", calls.retrieve, folder.id)
    await say("list its files then", calls.files.list, folder.id, read=each)
    await say("delete the agent", client.agents.delete, agent["id"])


async def make_a_folder(calls: Any, token: str) -> Any:
    more = {"description": "D", "instructions": "Look here.", "metadata": {"a": [1, {"b": None}]}}
    folder = await say("make a folder", calls.create, name=token, embedding=EMBEDDING, **more)
    await say("make another of its name", calls.create, name=token, embedding=EMBEDDING)
    await say("make one without embedding", calls.create, name=f"{token} 2")
    await say("make one of what is not there", calls.create, name=f"{token} 2", embedding="no/such")
    small = await say(
        "make one of small chunks", calls.create, name=f"{token} 2", embedding=EMBEDDING, embedding_chunk_size=50
    )
    await say("read it", calls.retrieve, folder.id)
    await say("change it", calls.update, folder.id, description="New", metadata={"b": 2})
    await say("change it to the other's name", calls.update, folder.id, name=f"{token} 2")
    await say("list them", calls.list, name=token, read=each)
    await say("go through them one by one", calls.list, name=token, order="desc", limit=1, read=each)
    await say("list after one", calls.list, name=token, after=folder.id)
    await say("list after nothing", calls.list, after=f"source-{UNKNOWN}")
    await say("delete the other", calls.delete, small.id)
    await say("no such folder", calls.retrieve, f"source-{UNKNOWN}")
    await say("a malformed folder", calls.retrieve, "folder-1")
    return folder


async def upload_files(client: Any, folder: Any) -> tuple[Any, Any]:
    files, of = client.folders.files, {"folder_id": folder.id}
    notes = await say("upload a file", files.upload, folder.id, file=("notes.txt", NOTES))
    await processed(files, notes.id, folder.id)
    await say("it is processed", files.retrieve, notes.id, **of)
    await say("read it with its content", files.retrieve, notes.id, include_content=True, **of)
    again = {"file": ("notes.txt", b"again")}
    await say("upload it if there is none", files.upload, folder.id, duplicate_handling="error", **again)
    await say("upload it, or leave it", files.upload, folder.id, duplicate_handling="skip", **again)
    other = await say("upload one of its name", files.upload, folder.id, file=("notes.txt", b"# Other\n"))
    await processed(files, other.id, folder.id)
    named = await say(
        "by another name", files.upload, folder.id, name="sub/named.md", file=("x.md", "Named ✓".encode())
    )
    await processed(files, named.id, folder.id)
    replacing = {"duplicate_handling": "replace", "name": "sub/named.md"}
    new = await say("replace it", files.upload, folder.id, file=("x.md", b"New"), **replacing)
    await processed(files, new.id, folder.id)
    await say("what no one reads", files.upload, folder.id, file=("a.bin", b"\x00\x01"))
    await say("to no folder", files.upload, f"source-{UNKNOWN}", **again)
    await say("list the files", files.list, folder.id, order="asc", include_content=True, read=each)
    await say("go through the files one by one", files.list, folder.id, limit=1, read=each)
    await say("list the files after one", files.list, folder.id, after=notes.id, order="asc", limit=1)
    await say("list the files after nothing", files.list, folder.id, after=f"file-{UNKNOWN}")
    await say("the files of no folder", files.list, f"source-{UNKNOWN}")
    await say("in another folder", files.retrieve, notes.id, folder_id=f"source-{UNKNOWN}")
    await say("delete the new one", files.delete, new.id, **of)
    await say("the pieces of the others", client.get, f"/v1/folders/{folder.id}/passages", cast_to=object)
    return notes, other


async def processed(files: Any, file_id: str, folder_id: str) -> None:
    """Wait until a file is processed."""
    for _ in range(300):
        answer = files.retrieve(file_id, folder_id=folder_id)
        file = await answer if inspect.isawaitable(answer) else answer
        if file.processing_status in ("completed", "error"):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(file_id)


async def by_name(page: Any) -> list[Any]:
    """Go through files of an agent, which the real server lists in any order."""
    return sorted(await each(page), key=lambda file: file.file_name)


async def use_in_an_agent(client: Any, agent_id: str, folder: Any, notes: Any, other: Any) -> None:
    attached, files, of = client.agents.folders, client.agents.files, {"agent_id": agent_id}
    for step in ("attach the folder", "attach it again"):
        await say(step, attached.attach, folder.id, **of)
    await say("its folders", attached.list, agent_id, read=each)
    await say("its agents", client.folders.agents.list, folder.id)
    await say("its files", files.list, agent_id, read=by_name)
    await say("close one", files.close, notes.id, **of)
    await say("the open ones", files.list, agent_id, is_open=True, read=by_name)
    await say("the closed ones", files.list, agent_id, is_open=False, read=by_name)
    await say("open it", files.open, notes.id, **of)
    await say("close all", files.close_all, agent_id, read=sorted)
    await say("open the other", files.open, other.id, **of)
    await say("go through them", files.list, agent_id, limit=1, read=by_name)
    await say("open no file", files.open, f"file-{UNKNOWN}", **of)
    await say("close no file", files.close, f"file-{UNKNOWN}", **of)
    await say("close the files of no agent", files.close_all, f"agent-{UNKNOWN}")
    await say("attach no folder", attached.attach, f"source-{UNKNOWN}", **of)
    await say("attach to no agent", attached.attach, folder.id, agent_id=f"agent-{UNKNOWN}")
    await say("the folders of no agent", attached.list, f"agent-{UNKNOWN}")
    added = await say("upload while attached", client.folders.files.upload, folder.id, file=("b.txt", b"B"))
    await processed(client.folders.files, added.id, folder.id)
    await say("it is there", files.list, agent_id, read=by_name)


async def passages(client: Any, token: str) -> None:
    """Create archives with passages, attach one to an agent, list and search what it remembers, and fail."""
    calls = client.archives
    archive, other = await make_archives(calls, token)
    cat = await fill(calls, archive, other)
    agent = await say("make an agent", client.agents.create, name="knower", system="Know.", **COMMON, read=only_id)
    agent_id = agent["id"]
    await say("attach the archive", client.agents.archives.attach, archive.id, agent_id=agent_id)
    await say("attach another", client.agents.archives.attach, other.id, agent_id=agent_id, read=lambda _: None)
    await say("attach none", client.agents.archives.attach, f"archive-{UNKNOWN}", agent_id=agent_id)
    await say("the archive of the agent", calls.list, agent_id=agent_id, read=each)
    await remember(client.agents.passages, agent_id)
    await search(client, agent_id, archive)
    for step in ("forget", "forget again"):
        await say(step, client.agents.passages.delete, cat.id, agent_id=agent_id)
    await say("detach the archive", client.agents.archives.detach, archive.id, agent_id=agent_id)
    await say("nothing is left", client.agents.passages.list, agent_id)
    await say("remember for itself", client.agents.passages.create, agent_id, text="Own")
    own = await say("it has an archive of its own", calls.list, agent_id=agent_id, read=each)
    await say("delete the agent", client.agents.delete, agent_id)
    for made in (archive, other, *own):
        await say("delete an archive", calls.delete, made.id)
    await say("delete it again", calls.delete, archive.id)
    await say("read it then", calls.retrieve, archive.id)


async def make_archives(calls: Any, token: str) -> tuple[Any, Any]:
    archive = await say("make an archive", calls.create, name=token, description="D", embedding=EMBEDDING)
    other = await say("make one by little", calls.create, name=f"{token} 2")
    await say("make one of what is not there", calls.create, name=token, embedding="no/such")
    await say("read it", calls.retrieve, archive.id)
    await say("change it", calls.update, archive.id, description="New")
    await say("list them by name", calls.list, name=token, read=each)
    await say("list them after one", calls.list, name=f"{token} 2", order="asc", after=archive.id, limit=1)
    await say("list after nothing", calls.list, after=f"archive-{UNKNOWN}")
    await say("no such archive", calls.retrieve, f"archive-{UNKNOWN}")
    await say("a malformed archive", calls.retrieve, "archive-1")
    return archive, other


async def fill(calls: Any, archive: Any, other: Any) -> Any:
    passages, moment = calls.passages, "2024-01-02T03:04:05+02:00"
    more = {"tags": ["pets", "home"], "metadata": {"k": [1]}, "created_at": moment}
    cat = await say("add a passage", passages.create, archive.id, text="The cat sat", **more)
    await say("add one at no time", passages.create, archive.id, text="x", created_at="yesterday")
    await say("add two", passages.create_many, archive.id, passages=[{"text": "A dog", "tags": ["pets"]}, {"text": ""}])
    await say("add none", passages.create_many, archive.id, passages=[])
    gone = await say("add to one without embedding", passages.create, other.id, text="Words ✓")
    await say("add to no archive", passages.create, f"archive-{UNKNOWN}", text="x")
    await say("delete from another", passages.delete, gone.id, archive_id=archive.id)
    for step in ("delete it", "delete it again"):
        await say(step, passages.delete, gone.id, archive_id=other.id)
    return cat


async def remember(passages: Any, agent_id: str) -> None:
    made = await say("remember", passages.create, agent_id, text="Cats and dogs", tags=["b", "a", "b"])
    await say("remember the past", passages.create, agent_id, text="Old", created_at="2020-01-01T00:00:00Z")
    await say("no agent remembers", passages.create, f"agent-{UNKNOWN}", text="x")
    await say("list by words", passages.list, agent_id, search="CAT")
    await say("list the newest", passages.list, agent_id, ascending=False, limit=1)
    await say("list what came before", passages.list, agent_id, before=made[0].id, limit=2)
    await say("list after nothing", passages.list, agent_id, after=f"passage-{UNKNOWN}")
    await say("what no agent remembers", passages.list, f"agent-{UNKNOWN}")


async def search(client: Any, agent_id: str, archive: Any) -> None:
    passages = client.agents.passages
    await say("search", passages.search, agent_id, query="The cat sat", top_k=1)
    both = {"tags": ["pets", "home"], "tag_match_mode": "all"}
    await say("search with tags", passages.search, agent_id, query="cat", **both)
    await say("search until", passages.search, agent_id, query="cat", end_datetime="2021-01-01T00:00:00Z")
    await say("search with nothing", passages.search, agent_id, query=" ")
    await say("no agent searches", passages.search, f"agent-{UNKNOWN}", query="cat")
    every = client.passages.search
    await say("search the archive", every, archive_id=archive.id, query="A dog", limit=1)
    await say("search the archive by tags", every, archive_id=archive.id, tags=["home", "a"])
    await say("search what is the agent's", every, agent_id=agent_id, query="Old", limit=1)
    await say("search since", every, agent_id=agent_id, end_date="2024-06-01T00:00:00Z")
    await say("search no archive", every, archive_id=f"archive-{UNKNOWN}", query="cat")
    await say("search no agent", every, agent_id=f"agent-{UNKNOWN}")
    await say("search too much", every, archive_id=archive.id, limit=101)


if __name__ == "__main__":
    tell(folders, passages)
