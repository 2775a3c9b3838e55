"""The public gRPC service: health, reflection, events, work, cancellation."""

import grpc
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints
from eventually import eventually
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from public_grpc import PublicGrpc, wire

SERVICE = "seedbed.generation.v1.GenerationService"
WORK = [field.name for field in wire.Work.DESCRIPTOR.fields]


def request(endpoints: Endpoints, prompt: str, **more: object) -> wire.GenerateRequest:
    return wire.GenerateRequest(**{"model": endpoints.model, "prompt": prompt, "max_tokens": 96, **more})


def test_health_is_serving_without_a_key(public_grpc: PublicGrpc):
    answer = health_pb2_grpc.HealthStub(public_grpc.channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_describes_the_service(public_grpc: PublicGrpc):
    # The messages of version 1 and 1alpha are the same on the wire; the client library has only the latter's.
    ask = public_grpc.channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = [{"list_services": ""}, {"file_containing_symbol": SERVICE}]
    listed, described = ask(iter([reflection_pb2.ServerReflectionRequest(**question) for question in questions]), timeout=60)
    assert SERVICE in [service.name for service in listed.list_services_response.service]
    files = [descriptor_pb2.FileDescriptorProto.FromString(file) for file in described.file_descriptor_response.file_descriptor_proto]
    assert "Generate" in [method.name for file in files for service in file.service for method in service.method]


def test_events_begin_with_started_and_end_with_finished(public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    answer = public_grpc.generate(request(endpoints, prompts[0]))
    kinds = [event.WhichOneof("event") for event in answer.events]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert kinds.count("started") == kinds.count("finished") == 1
    assert "draft" not in kinds
    assert answer.request_id
    assert answer.events[0].started.model_version.startswith(endpoints.model)
    assert answer.text
    assert answer.finished.reason in (wire.FINISH_REASON_STOP, wire.FINISH_REASON_LENGTH)
    assert answer.finished.detail


@pytest.mark.parametrize("mode", ["AUTOREGRESSIVE", "EXACT", "DIFFUSION"])
def test_work_never_shrinks_and_ends_complete(mode: str, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    options = wire.DecodeOptions(mode=wire.Mode.Value(f"MODE_{mode}"))
    answer = public_grpc.generate(request(endpoints, prompts[3], options=options))
    for name in WORK:
        counts = [getattr(event.work, name) for event in answer.events if event.HasField("work")]
        assert counts == sorted(counts), name
    assert answer.work.input_tokens > 0
    assert answer.work.committed_tokens > 0
    assert answer.work.forward_passes > 0
    assert answer.work.positions_evaluated >= answer.work.input_tokens


def test_autoregressive_takes_a_pass_for_each_token_and_the_others_fewer(public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    def work(mode: wire.Mode) -> wire.Work:
        return public_grpc.generate(request(endpoints, prompts[0], options=wire.DecodeOptions(mode=mode))).work

    plain = work(wire.MODE_AUTOREGRESSIVE)
    assert plain.forward_passes >= plain.committed_tokens
    exact = work(wire.MODE_EXACT)
    assert exact.committed_tokens == plain.committed_tokens
    assert exact.forward_passes < plain.forward_passes
    diffusion = work(wire.MODE_DIFFUSION)
    assert diffusion.forward_passes < diffusion.committed_tokens


def test_drafts_come_only_when_asked_for_and_change_nothing(public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    options = wire.DecodeOptions(mode=wire.MODE_DIFFUSION)
    plain = public_grpc.generate(request(endpoints, prompts[0], options=options))
    drawn = public_grpc.generate(request(endpoints, prompts[0], options=options, diffusing=True))
    drafts = [event.draft for event in drawn.events if event.HasField("draft")]
    assert drafts
    assert all(0 <= draft.decided_positions <= draft.positions for draft in drafts)
    assert drawn.text == plain.text
    assert drawn.work == plain.work


def test_a_chat_is_rendered_by_the_template(public_grpc: PublicGrpc, endpoints: Endpoints):
    chat = wire.Chat(messages=[wire.ChatMessage(role="user", content="Returns twice p.\nstatic int f(int p)")])
    answer = public_grpc.generate(wire.GenerateRequest(model=endpoints.model, chat=chat, max_tokens=64))
    assert answer.text


@pytest.mark.parametrize(
    ("slow", "fast"),
    [
        ({"policy": wire.POLICY_THRESHOLD, "threshold": 1.0}, {"policy": wire.POLICY_THRESHOLD, "threshold": 0.5}),
        ({"policy": wire.POLICY_CONFIDENT_PREFIX, "threshold": 1.0}, {"policy": wire.POLICY_CONFIDENT_PREFIX, "threshold": 0.5}),
        ({"policy": wire.POLICY_FIXED_STEPS, "steps": 16}, {"policy": wire.POLICY_FIXED_STEPS, "steps": 2}),
    ],
    ids=["threshold", "confident_prefix", "fixed_steps"],
)
def test_each_policy_decides_how_many_passes_an_answer_takes(
    slow: dict, fast: dict, public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]
):
    def work(knobs: dict) -> wire.Work:
        options = wire.DecodeOptions(mode=wire.MODE_DIFFUSION, **knobs)
        return public_grpc.generate(request(endpoints, prompts[0], options=options)).work

    assert work(slow).forward_passes >= work(slow).committed_tokens
    assert work(fast).forward_passes < work(fast).committed_tokens / 2


def test_an_empty_model_means_the_default(public_grpc: PublicGrpc, endpoints: Endpoints, prompts: list[str]):
    assert public_grpc.generate(request(endpoints, prompts[1], model="")).text == public_grpc.generate(request(endpoints, prompts[1])).text


def test_the_request_id_is_in_the_metadata_and_names_the_ledger_entry(
    public_grpc: PublicGrpc, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, prompts: list[str]
):
    call = public_grpc.open(request(endpoints, prompts[1]))
    metadata = dict(call.initial_metadata())
    *_, last = events = list(call)
    assert metadata["x-request-id"] == events[0].started.request_id
    recorded = admin.generation(metadata["x-request-id"])
    assert recorded["work"]["committed_tokens"] == last.work.committed_tokens


def test_a_deadline_ends_the_call_and_leaves_nothing_reserved(
    public_grpc: PublicGrpc, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, prompts: list[str]
):
    with pytest.raises(grpc.RpcError) as raised:
        list(public_grpc.open(request(endpoints, prompts[0]), deadline_seconds=0.001))
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    eventually("nothing is reserved", lambda: admin.reserved(tenant) == 0)
