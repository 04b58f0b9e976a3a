"""Files in folders: uploaded, stored as text, and shown as being processed for as long as a test wants."""

from __future__ import annotations

import mimetypes
import uuid
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final

import attrs

from letta_async.operations import folder_files as calls
from letta_async.operations import folders as folder_calls
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, invalid_argument, no_record, not_found, unknown_error
from letta_async.testing._route import NO_CONTENT, Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store, checked_limit
from letta_async.testing.stored.attached_files import detach, forget_file, insert
from letta_async.testing.stored.collection import Collection
from letta_async.testing.stored.folders import FOLDERS, agents_with, check_cursors

__all__ = ["FILES", "ROUTES"]

_DOCUMENTED: Final = {
    ".cfg": "text/x-conf",
    ".conf": "text/x-conf",
    ".ini": "text/x-ini",
    ".jsonl": "application/x-jsonlines",
    ".md": "text/x-markdown",
    ".markdown": "text/markdown",
    ".toml": "application/toml",
    ".yaml": "text/x-yaml",
    ".yml": "text/x-yaml",
}
"""Media types of names that the server recognizes, where they differ from Python's."""
_CODE: Final = (
    *("bash", "bat", "c", "cmd", "cpp", "cs", "cxx", "dockerfile", "go", "h", "java", "jsx", "kt", "less", "m", "php"),
    *("ps1", "py", "r", "rb", "rs", "sass", "scala", "scss", "sh", "sql", "swift", "ts", "tsx", "vue"),
)
_OTHERS: Final = ("css", "csv", "htm", "html", "js", "json", "pdf", "txt", "xml")
_SUFFIXES: Final = frozenset({*_DOCUMENTED, *(f".{suffix}" for suffix in (*_CODE, *_OTHERS))})
"""Suffixes of the names of files that the server takes."""
_TYPES: Final = frozenset({"application/json", "application/pdf"})
"""Media types, besides those of text, that the server takes whatever the name."""
_CHARACTERS_PER_TOKEN: Final = 4


FILES: Final = Collection(
    name="files",
    prefix="file",
    kind="FileMetadata",
    operations=(),
    defaults={
        "source_id": None,
        "file_name": None,
        "original_file_name": None,
        "file_type": None,
        "file_size": None,
        "error_message": None,
        "total_chunks": None,
        "content": None,
        "polls": 0,
    },
    page_size=1000,
)


def _upload(store: Store, call: Call) -> Any:
    """Upload a file; it is processed at once, which the response does not show yet."""
    part = call.form["file"]
    media_type = (part.media_type or "").partition(";")[0].strip().lower()
    if not _is_taken(media_type, part.filename or ""):
        raise Refusal(
            415,
            {
                "detail": f"Unsupported file type: {media_type or 'unknown'} (filename: {part.filename}). Supported "
                "types: PDF, text files (.txt, .md), JSON, and code files (.py, .js, .java, etc.)."
            },
        )
    folder = FOLDERS.existing(store, call.path["folder_id"])
    original = call.query["name"] or PurePosixPath(part.filename or "").name
    same = [row for row in _in_folder(store, folder.id) if row.fields["original_file_name"] == original]
    handling = call.query["duplicate_handling"] or "suffix"
    if same and handling == "error":
        raise invalid_argument(f"File '{original}' already exists in folder '{folder.fields['name']}'")
    if same and handling == "skip":
        return _shown(same[0], whole_name=True)
    name = f"{folder.fields['name']}/{original}"
    if same and handling == "replace":
        _remove(store, same[0])
        name = original
    elif same:
        path = PurePosixPath(original)
        name = f"{folder.fields['name']}/{path.with_suffix('')}_({len(same)}){path.suffix}"
    return _add(store, folder, name, original, part.media_type, part.content)


def _is_taken(media_type: str, name: str) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in _SUFFIXES or media_type.startswith("text/") or media_type in _TYPES


def _add(
    store: Store, folder: StoredRow, name: str, original: str, media_type: str | None, content: bytes
) -> dict[str, Any]:
    guessed = _DOCUMENTED.get(PurePosixPath(original).suffix.lower()) or mimetypes.guess_type(original)[0]
    decoded = content.decode(errors="replace")
    text = None if "\x00" in decoded else decoded
    pieces = [] if text is None else _pieces(text, folder)
    error = 'invalid byte sequence for encoding "UTF8": 0x00' if text is None else None
    if text and not pieces:
        error = "No chunks created from text with default chunker"
    row = FILES.add(
        store,
        {
            "source_id": folder.id,
            "file_name": name,
            "original_file_name": original,
            "file_type": guessed or media_type or "unknown",
            "file_size": len(content),
            "error_message": error,
            "total_chunks": None if error else max(1, len(pieces)),
            "content": text,
            "polls": store.live.file_polls,
        },
    )
    if text is not None:
        for agent in agents_with(store, folder.id):
            insert(store, agent, [row])
    return _shown(attrs.evolve(row, fields={**row.fields, "polls": 2}), whole_name=True)


def _pieces(text: str, folder: StoredRow) -> list[str]:
    """Return the pieces that a text is cut into, without white space around them; none is blank."""
    length: int = (folder.fields["embedding_config"]["embedding_chunk_size"] or 300) * _CHARACTERS_PER_TOKEN
    pieces = (text[begin : begin + length].strip() for begin in range(0, len(text), length))
    return [piece for piece in pieces if piece]


def _in_folder(store: Store, folder_id: str) -> list[StoredRow]:
    return [row for row in FILES.rows(store) if row.fields["source_id"] == folder_id]


def _shown(row: StoredRow, *, content: bool = False, whole_name: bool = False) -> dict[str, Any]:
    """Return the JSON of a file, in the state that is to be shown."""
    fields = row.fields
    done = fields["polls"] == 0
    chunks = fields["total_chunks"] if done else None
    status = ("error" if fields["error_message"] else "completed") if done else "parsing"
    if fields["polls"] == 1:
        status, chunks = "embedding", fields["total_chunks"]
    name: str = fields["file_name"]
    _, slash, rest = name.partition("/")
    return {
        "source_id": fields["source_id"],
        "file_name": rest if slash and not whole_name else name,
        "original_file_name": fields["original_file_name"],
        "file_path": None,
        "file_type": fields["file_type"],
        "file_size": fields["file_size"],
        "file_creation_date": None,
        "file_last_modified_date": None,
        "processing_status": status,
        "error_message": fields["error_message"] if done else None,
        "total_chunks": chunks,
        "chunks_embedded": None if chunks is None else chunks if done and fields["content"] else 0,
        "content": fields["content"] if content else None,
        "id": row.id,
        "organization_id": _facts.ORGANIZATION_ID,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _polled(store: Store, row: StoredRow) -> StoredRow:
    """Count that a file was looked at, and return it as it was."""
    if row.fields["polls"]:
        store.put(attrs.evolve(row, fields={**row.fields, "polls": row.fields["polls"] - 1}))
    return row


def _retrieve(store: Store, call: Call) -> Any:
    """Return a file, nearer to being processed each time; a file that does not exist is a 500."""
    folder_id, file_id = call.path["folder_id"], call.path["file_id"]
    row = store.rows.get(file_id)
    if row is None or row.collection != FILES.name:
        raise unknown_error()
    if row.fields["source_id"] != folder_id:
        raise not_found(f"File with id={file_id} not found in folder {folder_id}")
    return _shown(_polled(store, row), content=bool(call.query["include_content"]))


def _list(store: Store, call: Call) -> Any:
    """Return a page of the files of a folder, by default the newest first; none of a folder that does not exist."""
    check_cursors(store, call.query, FILES.kind, FILES.name)
    rows = FILES.page(store, _in_folder(store, call.path["folder_id"]), call)
    return [_shown(_polled(store, row), content=bool(call.query["include_content"])) for row in rows]


def _delete(store: Store, call: Call) -> Any:
    """Delete a file, and take it out of the contexts of agents; only then is its folder looked for."""
    folder_id, file_id = call.path["folder_id"], call.path["file_id"]
    row = store.rows.get(file_id)
    if row is None or row.collection != FILES.name:
        raise no_record(FILES.kind, file_id)
    _remove(store, row)
    folder = store.rows.get(folder_id)
    if folder is None or folder.collection != FOLDERS.name:
        raise not_found(f"Source with ID {folder_id} not found")
    return NO_CONTENT


def _remove(store: Store, row: StoredRow) -> None:
    forget_file(store, row.id)
    store.remove(row)


def _delete_folder(store: Store, call: Call) -> Any:
    """Delete a folder with its files, and detach it from its agents."""
    folder = FOLDERS.existing(store, call.path["folder_id"])
    for agent in agents_with(store, folder.id):
        detach(store, agent, folder.id)
    for row in _in_folder(store, folder.id):
        _remove(store, row)
    store.remove(folder)


def _list_passages(store: Store, call: Call) -> Any:
    """Return a page of the pieces of the files of a folder, by default the newest first.

    The cursors mean newer and older in either order. Pieces of one time are in the order of their IDs.
    """
    query, folder = call.query, store.rows.get(call.path["folder_id"])
    if folder is None or folder.collection != FOLDERS.name:
        return []
    passages = [passage for file in _in_folder(store, folder.id) for passage in _passages(file, folder)]
    places = {passage["id"]: (passage["created_at"], passage["id"]) for passage in passages}
    for name in ("after", "before"):
        if query[name]:
            at = places.get(query[name])
            wanted = set[str]() if at is None else {key for key, each in places.items() if _is_beyond(each, at, name)}
            passages = [passage for passage in passages if passage["id"] in wanted]
    passages.sort(key=lambda passage: passage["id"])
    passages.sort(key=lambda passage: passage["created_at"], reverse=query["order"] != "asc")
    return passages[: 100 if query["limit"] is None else checked_limit(query["limit"])]


def _is_beyond(place: tuple[Any, str], cursor: tuple[Any, str], name: str) -> bool:
    return place > cursor if name == "after" else place < cursor


def _passages(file: StoredRow, folder: StoredRow) -> list[dict[str, Any]]:
    """Return the JSON of the pieces of a file that is processed."""
    if file.fields["polls"] or not file.fields["content"]:
        return []
    return [
        {
            "created_by_id": _facts.USER_ID,
            "last_updated_by_id": _facts.USER_ID,
            "created_at": file.created_at,
            "updated_at": file.updated_at,
            "is_deleted": False,
            "organization_id": _facts.ORGANIZATION_ID,
            "archive_id": None,
            "source_id": folder.id,
            "file_id": file.id,
            "file_name": file.fields["file_name"],
            "metadata": {},
            "tags": None,
            "id": f"passage-{uuid.UUID(bytes=sha256(f'{file.id} {place}'.encode()).digest()[:16], version=4)}",
            "text": text,
            "embedding": None,
            "embedding_config": folder.fields["embedding_config"],
        }
        for place, text in enumerate(_pieces(file.fields["content"], folder))
    ]


ROUTES: Final[tuple[Route, ...]] = (
    route_of(calls.UploadFile, _upload),
    route_of(calls.ListFiles, _list),
    route_of(calls.RetrieveFile, _retrieve),
    route_of(calls.DeleteFile, _delete),
    route_of(folder_calls.ListFolderPassages, _list_passages),
    route_of(folder_calls.DeleteFolder, _delete_folder),
)
