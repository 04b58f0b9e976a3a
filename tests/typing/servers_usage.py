"""Uses of the calls for models, MCP servers, runs, steps, files with agents and the hosted API: checked, never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

from letta_async import (
    AccessToken,
    AccessTokenListResponse,
    AgentImportFileResponse,
    AsyncLetta,
    AsyncPaginator,
    ContextWindowOverview,
    EmbeddingModel,
    Environment,
    EnvironmentListResponse,
    EnvironmentMessage,
    EnvironmentSendMessageResponse,
    HealthResponse,
    Letta,
    McpServer,
    McpServerConfig,
    McpTool,
    Message,
    Model,
    Page,
    Provider,
    ProviderTrace,
    RunMetrics,
    ScheduleCreateResponse,
    ScheduleDeleteResponse,
    ScheduledMessage,
    ScheduleListResponse,
    StdioServerConfig,
    Step,
    StepMetrics,
    Template,
    TemplateAgentCreateResponse,
    TemplateResult,
    Tool,
    ToolExecutionResult,
    UnknownServerConfig,
    UpdateSseMcpServerParam,
    UsageStatistics,
)


async def models_and_servers(client: AsyncLetta) -> None:
    """Show models and servers."""
    assert_type(await client.health(), HealthResponse)
    assert_type(await client.models.list(provider_category=["byok"]), list[Model])
    assert_type(await client.models.embeddings.list(), list[EmbeddingModel])
    assert_type(await client.embedding_models.list(), list[EmbeddingModel])
    assert_type(
        await client.mcp_servers.create(server_name="a", config={"mcp_server_type": "sse", "server_url": "b"}),
        McpServer,
    )
    assert_type(await client.mcp_servers.list(), list[McpServer])
    assert_type(await client.mcp_servers.retrieve("mcp_server-…"), McpServer)
    assert_type(
        await client.mcp_servers.update("mcp_server-…", config=UpdateSseMcpServerParam(server_url=None)), McpServer
    )
    assert_type(await client.mcp_servers.refresh("mcp_server-…", agent_id=None), Mapping[str, Any] | None)
    assert_type(await client.mcp_servers.tools.list("mcp_server-…"), list[Tool])
    assert_type(await client.mcp_servers.tools.retrieve("tool-…", mcp_server_id="mcp_server-…"), Tool)
    assert_type(
        await client.mcp_servers.tools.run("tool-…", mcp_server_id="mcp_server-…", args={"a": 1}), ToolExecutionResult
    )
    await client.mcp_servers.delete("mcp_server-…")
    assert_type(await client.tools.list_mcp_servers(), Mapping[str, McpServerConfig | UnknownServerConfig])
    config = StdioServerConfig(server_name="a", command="b", args=[])
    assert_type(await client.tools.add_mcp_server(request=config), list[McpServerConfig | UnknownServerConfig])
    assert_type(await client.tools.list_mcp_tools_by_server("a"), list[McpTool])
    assert_type(await client.tools.add_mcp_tool("a", "b"), Tool)
    assert_type(await client.tools.delete_mcp_server("a"), list[McpServerConfig | UnknownServerConfig])
    await client.tools.add_mcp_server(request=1)  # type: ignore[arg-type]
    assert_type(await client.providers.create(name="a", provider_type="openai", api_key="k"), Provider)
    assert_type(client.providers.list(name="a"), AsyncPaginator[Provider])
    assert_type(await client.providers.retrieve("provider-…"), Provider)
    assert_type(await client.providers.update("provider-…", api_key="k"), Provider)
    assert_type(await client.providers.check(provider_type="openai", api_key="k"), Mapping[str, Any])
    assert_type(await client.providers.check_existing("provider-…"), Mapping[str, Any])
    assert_type(await client.providers.refresh("provider-…"), Provider)
    await client.providers.delete("provider-…")
    await client.providers.create(name="a", provider_type="openai")  # type: ignore[call-arg]
    await client.mcp_servers.create(server_name="a", config=1)  # type: ignore[arg-type]


async def runs_and_steps(client: AsyncLetta) -> None:
    """Show runs and steps."""
    assert_type(client.runs.steps.list("run-…", order="asc"), AsyncPaginator[Step])
    assert_type(await client.runs.usage.retrieve("run-…"), UsageStatistics)
    assert_type(await client.runs.metrics.retrieve("run-…"), RunMetrics)
    assert_type(await client.runs.trace.retrieve("run-…", limit=5), list[Mapping[str, Any]])
    await client.runs.delete("run-…")
    assert_type(client.steps.list(feedback="positive"), AsyncPaginator[Step])
    assert_type(await client.steps.retrieve("step-…"), Step)
    assert_type(await client.steps.feedback.create("step-…", feedback="negative"), Step)
    assert_type(client.steps.messages.list("step-…"), AsyncPaginator[Message])
    assert_type(await client.steps.metrics.retrieve("step-…"), StepMetrics)
    assert_type(await client.steps.trace.retrieve("step-…"), ProviderTrace | None)


async def agents_as_files(client: AsyncLetta) -> None:
    """Show agents as files."""
    assert_type(await client.agents.export_file("agent-…", scrub_messages=True), str)
    assert_type(await client.agents.export_file_with_skills("agent-…", skills=[{"name": "a", "source_url": "b"}]), str)
    assert_type(await client.agents.import_file(file=b"{}", secrets={"a": "b"}), AgentImportFileResponse)
    assert_type(await client.agents.context.retrieve("agent-…"), ContextWindowOverview)


async def hosted(client: AsyncLetta) -> None:
    """Show the hosted API."""
    assert_type(
        await client.agents.schedule.create("agent-…", messages=[], schedule={"scheduled_at": 5}),
        ScheduleCreateResponse,
    )
    assert_type(await client.agents.schedule.retrieve("s", agent_id="agent-…"), ScheduledMessage)
    assert_type(await client.agents.schedule.list("agent-…", limit=5), ScheduleListResponse)
    assert_type(await client.agents.schedule.delete("s", agent_id="agent-…"), ScheduleDeleteResponse)
    assert_type(await client.templates.create(type="agent", agent_id="agent-…"), Template)
    assert_type(await client.templates.update("t", agent_file_json={}), TemplateResult)
    assert_type(await client.templates.rollback("t", version="1"), TemplateResult)
    assert_type(await client.templates.save("t", migrate_agents=True), Template)
    assert_type(await client.templates.delete("t"), TemplateResult)
    assert_type(await client.templates.agents.create("t:latest", tags=["a"]), TemplateAgentCreateResponse)
    assert_type(await client.environments.retrieve("d"), Environment)
    assert_type(await client.environments.list(online_only=True), EnvironmentListResponse)
    assert_type(
        await client.environments.send_message("c", messages=[EnvironmentMessage(content="a")]),
        EnvironmentSendMessageResponse,
    )
    assert_type(await client.access_tokens.create(hostname="https://a", policy=[]), AccessToken)
    assert_type(await client.access_tokens.list(limit=5), AccessTokenListResponse)
    await client.access_tokens.delete("t", body={})


def facade_of_models_and_servers(client: Letta) -> None:
    """Show the same of models and servers."""
    assert_type(client.health(), HealthResponse)
    assert_type(client.models.list(provider_category=["byok"]), list[Model])
    assert_type(client.models.embeddings.list(), list[EmbeddingModel])
    assert_type(client.embedding_models.list(), list[EmbeddingModel])
    assert_type(
        client.mcp_servers.create(server_name="a", config={"mcp_server_type": "sse", "server_url": "b"}), McpServer
    )
    assert_type(client.mcp_servers.list(), list[McpServer])
    assert_type(client.mcp_servers.retrieve("mcp_server-…"), McpServer)
    assert_type(client.mcp_servers.update("mcp_server-…", config=UpdateSseMcpServerParam(server_url=None)), McpServer)
    assert_type(client.mcp_servers.refresh("mcp_server-…", agent_id=None), Mapping[str, Any] | None)
    assert_type(client.mcp_servers.tools.list("mcp_server-…"), list[Tool])
    assert_type(client.mcp_servers.tools.retrieve("tool-…", mcp_server_id="mcp_server-…"), Tool)
    assert_type(
        client.mcp_servers.tools.run("tool-…", mcp_server_id="mcp_server-…", args={"a": 1}), ToolExecutionResult
    )
    client.mcp_servers.delete("mcp_server-…")
    assert_type(client.tools.list_mcp_servers(), Mapping[str, McpServerConfig | UnknownServerConfig])
    config = StdioServerConfig(server_name="a", command="b", args=[])
    assert_type(client.tools.add_mcp_server(request=config), list[McpServerConfig | UnknownServerConfig])
    assert_type(client.tools.delete_mcp_server("a"), list[McpServerConfig | UnknownServerConfig])
    assert_type(client.tools.list_mcp_tools_by_server(mcp_server_name="a"), list[McpTool])
    assert_type(client.tools.add_mcp_tool(mcp_server_name="a", mcp_tool_name="b"), Tool)
    assert_type(client.providers.create(name="a", provider_type="openai", api_key="k"), Provider)
    assert_type(client.providers.list(name="a"), Page[Provider])
    assert_type(client.providers.retrieve("provider-…"), Provider)
    assert_type(client.providers.update("provider-…", api_key="k"), Provider)
    assert_type(client.providers.check(provider_type="openai", api_key="k"), Mapping[str, Any])
    assert_type(client.providers.check_existing("provider-…"), Mapping[str, Any])
    assert_type(client.providers.refresh("provider-…"), Provider)
    client.providers.delete("provider-…")
    client.providers.create(name="a", provider_type="openai")  # type: ignore[call-arg]
    client.mcp_servers.create(server_name="a", config=1)  # type: ignore[arg-type]


def facade_of_runs_and_steps(client: Letta) -> None:
    """Show the same of runs and steps."""
    assert_type(client.runs.steps.list("run-…", order="asc"), Page[Step])
    assert_type(client.runs.usage.retrieve("run-…"), UsageStatistics)
    assert_type(client.runs.metrics.retrieve("run-…"), RunMetrics)
    assert_type(client.runs.trace.retrieve("run-…", limit=5), list[Mapping[str, Any]])
    client.runs.delete("run-…")
    assert_type(client.steps.list(feedback="positive"), Page[Step])
    assert_type(client.steps.retrieve("step-…"), Step)
    assert_type(client.steps.feedback.create("step-…", feedback="negative"), Step)
    assert_type(client.steps.messages.list("step-…"), Page[Message])
    assert_type(client.steps.metrics.retrieve("step-…"), StepMetrics)
    assert_type(client.steps.trace.retrieve("step-…"), ProviderTrace | None)


def facade_of_agents_as_files(client: Letta) -> None:
    """Show the same of agents as files."""
    assert_type(client.agents.export_file("agent-…", scrub_messages=True), str)
    assert_type(client.agents.export_file_with_skills("agent-…", skills=[{"name": "a", "source_url": "b"}]), str)
    assert_type(client.agents.import_file(file=b"{}", secrets={"a": "b"}), AgentImportFileResponse)
    assert_type(client.agents.context.retrieve("agent-…"), ContextWindowOverview)


def facade_of_hosted(client: Letta) -> None:
    """Show the same of the hosted API."""
    assert_type(
        client.agents.schedule.create("agent-…", messages=[], schedule={"scheduled_at": 5}), ScheduleCreateResponse
    )
    assert_type(client.agents.schedule.retrieve("s", agent_id="agent-…"), ScheduledMessage)
    assert_type(client.agents.schedule.list("agent-…", limit=5), ScheduleListResponse)
    assert_type(client.agents.schedule.delete("s", agent_id="agent-…"), ScheduleDeleteResponse)
    assert_type(client.templates.create(type="agent", agent_id="agent-…"), Template)
    assert_type(client.templates.update("t", agent_file_json={}), TemplateResult)
    assert_type(client.templates.rollback("t", version="1"), TemplateResult)
    assert_type(client.templates.save("t", migrate_agents=True), Template)
    assert_type(client.templates.delete("t"), TemplateResult)
    assert_type(client.templates.agents.create("t:latest", tags=["a"]), TemplateAgentCreateResponse)
    assert_type(client.environments.retrieve("d"), Environment)
    assert_type(client.environments.list(online_only=True), EnvironmentListResponse)
    assert_type(
        client.environments.send_message("c", messages=[EnvironmentMessage(content="a")]),
        EnvironmentSendMessageResponse,
    )
    assert_type(client.access_tokens.create(hostname="https://a", policy=[]), AccessToken)
    assert_type(client.access_tokens.list(limit=5), AccessTokenListResponse)
    client.access_tokens.delete("t", body={})
