"""Names of types in the official client, and which type of this package each stands for.

`official.txt` lists the names that letta_client 1.12.1 exports, by module. A name that a type of this package has is
that type; `ToolCallParam` is `ToolCall`, since one class serves responses and parameters; `AgentCreateParams` and the
like are dictionaries of a method's parameters. For all others, `ALIASES` says what they are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

__all__ = ["ALIASES", "PACKAGES", "homes_of", "missing_names", "official_names"]

_LIST: Final = Path(__file__).with_name("official.txt")

PACKAGES: Final = (
    "agents",
    "archives",
    "blocks",
    "conversations",
    "folders",
    "mcp_servers",
    "models",
    "runs",
    "steps",
    "templates",
)
"""Modules of the official client's types that hold further ones."""

ALIASES: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "AccessTokenCreateResponse": "AccessToken",
        "AgentExportFileResponse": "str",
        "AgentRecompileResponse": "str",
        "BlockResponse": "Block",
        "ConversationCancelResponse": "dict",
        "ConversationListResponse": "list[Conversation]",
        "ConversationRecompileResponse": "str",
        "CreateBlock": "NewBlock",
        "CreateBlockParam": "NewBlock",
        "DynamicManagerParam": "dict",
        "EnvironmentRetrieveResponse": "Environment",
        "GroupCreateParams": "dict",
        "GroupListParams": "dict",
        "GroupUpdateParams": "dict",
        "IdentityCreateParams": "dict",
        "IdentityListParams": "dict",
        "IdentityPropertyParam": "IdentityProperty",
        "IdentityUpdateParams": "dict",
        "IdentityUpsertParams": "dict",
        "LLMConfig": "LlmConfig",
        "LettaMessageContentUnionParam": "ContentPart",
        "LettaMessageUnion": "Message",
        "ManagedGroup": "Group",
        "McpServerCreateResponse": "McpServer",
        "McpServerListResponse": "list[McpServer]",
        "McpServerRetrieveResponse": "McpServer",
        "McpServerUpdateResponse": "McpServer",
        "MemoryFileBlock": "FileBlock",
        "MessageListResponse": "list[Message]",
        "MessageRetrieveResponse": "list[Message]",
        "MessageSearchResponse": "list[FoundMessage]",
        "ModelListResponse": "list[Model]",
        "MultiAgentGroup": "Group",
        "PassageSearchResponse": "list[PassageSearchResponseItem]",
        "RoundRobinManagerParam": "dict",
        "SSEServerConfig": "SseServerConfig",
        "SleeptimeManagerParam": "dict",
        "Source": "Folder",
        "SourceBase64Image": "Base64Image",
        "SourceLettaImage": "LettaImage",
        "SourceURLImage": "UrlImage",
        "StopReasonType": "StopReason",
        "StreamableHTTPServerConfig": "StreamableHttpServerConfig",
        "SupervisorManagerParam": "dict",
        "TagListResponse": "list[str]",
        "TemplateCreateResponse": "Template",
        "TemplateDeleteResponse": "TemplateResult",
        "TemplateRollbackResponse": "TemplateResult",
        "TemplateSaveResponse": "Template",
        "TemplateUpdateResponse": "TemplateResult",
        "ToolSearchResponse": "list[ToolSearchResult]",
        "Usage": "LettaUsageStatistics",
        "VoiceSleeptimeManagerParam": "dict",
    },
    "agents": {
        "FileCloseAllResponse": "list[str]",
        "FileListResponse": "AgentFileAttachment",
        "FileOpenResponse": "list[str]",
        "FolderListResponse": "Folder",
        "GroupListParams": "dict",
        "JobStatus": "str",
        "JobType": "str",
        "LettaAssistantMessageContentUnion": "TextContent",
        "LettaAssistantMessageContentUnionParam": "TextContent",
        "LettaStreamingResponse": "StreamEvent",
        "LettaUserMessageContentUnion": "ContentPart",
        "LettaUserMessageContentUnionParam": "ContentPart",
        "MessageCancelResponse": "dict",
        "MessageCompactResponse": "CompactResponse",
        "MessageRole": "str",
        "PassageCreateResponse": "list[Passage]",
        "PassageListResponse": "list[Passage]",
        "PassageSearchResponse": "PassageSearchResponse",
        "ScheduleRetrieveResponse": "ScheduledMessage",
        "ToolCallDelta": "ToolCall",
    },
    "archives": {"PassageCreateManyResponse": "list[Passage]"},
    "conversations": {"CompactionRequest": "CompactionSettings", "CompactionResponse": "CompactResponse"},
    "folders": {
        "AgentListResponse": "list[str]",
        "FileListResponse": "FileMetadata",
        "FileRetrieveResponse": "FileMetadata",
        "FileUploadResponse": "FileMetadata",
    },
    "mcp_servers": {"ToolListResponse": "list[Tool]"},
    "models": {"EmbeddingListResponse": "list[EmbeddingModel]"},
    "runs": {"TraceRetrieveResponse": "list[dict]", "UsageRetrieveResponse": "UsageStatistics"},
    "steps": {"MessageListResponse": "Message", "MetricRetrieveResponse": "StepMetrics"},
    "templates": {"AgentCreateResponse": "TemplateAgentCreateResponse"},
}
"""Name here, or a list of it, by module and name of the official client; also some that programs import from the module
of another name, names of before 1.0, those that 1.12.1 no longer has, and those of the API's description. `str` and
`dict` are these types."""


@functools.cache
def official_names() -> Mapping[str, tuple[str, ...]]:
    """Return the names that the official client exports, by module; the empty one is `types` itself."""
    found: dict[str, list[str]] = {}
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("types"):
            names = found.setdefault(line.partition(".")[2], [])
        elif line.startswith(" "):
            names.append(line.strip())  # pyright: ignore[reportPossiblyUnboundVariable] - a module comes first
    return {module: tuple(names) for module, names in found.items()}


def homes_of(package: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return where each name of a module of types is from, as `letta_async.types._lazy_imports.lookup` reads it.

    The root has the names of all modules, where they do not clash, and those of this package.

    Args:
        package: The module, one of `PACKAGES`, or an empty text for the root.
        own: Module of each type of this package, by name.

    """
    modules = (package,) if package else ("", *PACKAGES)
    homes: dict[str, str] = {}
    for module in modules:
        aliases = ALIASES.get(module, {})
        for name in (*aliases, *official_names().get(module, ())):
            home = _home(name, aliases.get(name) or _rule(name, own, {**ALIASES[""], **aliases}), own)
            if home is not None:
                homes.setdefault(name, home)
    return homes if package else {**own, **homes}


def _rule(name: str, own: Mapping[str, str], aliases: Mapping[str, str]) -> str:
    """Return what a name stands for that no alias is about."""
    if name.endswith("Params"):
        return "dict"
    base = name.removesuffix("Param")
    return name if name in own or base == name else aliases.get(base, base)


def _home(name: str, target: str, own: Mapping[str, str]) -> str | None:
    """Return where a name is from; `None` if this package has no such type."""
    if target.startswith("list["):
        inner = _home("", target[5:-1], own)
        return None if inner is None else f"list[{inner}]"
    if target in ("str", "dict"):
        return target
    if target not in own:
        return None
    return own[target] if target == name else f"{own[target]}:{target}"


def missing_names(own: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the official client that this package has nothing for."""
    for module, names in official_names().items():
        homes = homes_of(module, own)
        yield from (".".join(filter(None, ("types", module, name))) for name in names if name not in homes)
