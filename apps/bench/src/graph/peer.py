"""The same attribution graph by circuit-tracer, on the model and transcoders of the bench. Answers one JSON a line."""

import json
import os
import pathlib
import resource
import sys
import time

import torch
from safetensors.torch import load_file

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
shape = settings["shape"]
LAYERS, WIDTH, HEADS, HEAD = shape["layers"], shape["width"], shape["heads"], shape["headWidth"]
BATCH = 256


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def weights():
    state = {}
    for file in settings["weights"]:
        state.update(load_file(file))
    return {name: value.float() for name, value in state.items()}


def dictionaries():
    found = []
    for folder in settings["dictionaries"]:
        spec = json.loads((pathlib.Path(folder) / "dictionary.json").read_text())
        tensors = load_file(pathlib.Path(folder) / "model.safetensors")
        found.append((spec, {name: value.float() for name, value in tensors.items()}))
    return found


def top_k(k):
    """The k largest, and of those the positive ones: what the bundled transcoders do."""

    def activate(before):
        values, places = torch.topk(before, k=k, dim=-1)
        return torch.zeros_like(before).scatter_(-1, places, values.relu())

    return activate


class CircuitTracer:
    def __init__(self):
        import huggingface_hub.constants as constants

        # A constant that circuit-tracer imports and that later releases of the hub's client no longer have.
        if not hasattr(constants, "HF_HUB_ENABLE_HF_TRANSFER"):
            constants.HF_HUB_ENABLE_HF_TRANSFER = False
        import circuit_tracer
        from circuit_tracer.graph import compute_graph_scores, prune_graph
        from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
        from circuit_tracer.transcoder.single_layer_transcoder import SingleLayerTranscoder, TranscoderSet
        from importlib.metadata import version
        from transformer_lens import HookedTransformerConfig

        self.about = f"circuit-tracer {version('circuit-tracer')}, PyTorch {torch.__version__}"
        self.attribute, self.prune, self.scores = circuit_tracer.attribute, prune_graph, compute_graph_scores
        config = HookedTransformerConfig(
            n_layers=LAYERS, d_model=WIDTH, n_ctx=shape["context"], d_head=HEAD, n_heads=HEADS, d_mlp=shape["neurons"],
            d_vocab=shape["vocabulary"], act_fn="silu", normalization_type="RMS", final_rms=True, eps=shape["epsilon"],
            positional_embedding_type="rotary", rotary_dim=HEAD, rotary_adjacent_pairs=False, gated_mlp=True,
            rotary_base=shape["rotaryBase"], model_name="bench", tokenizer_name=None, default_prepend_bos=False,
            device="cpu", dtype=torch.float32,
        )
        model = TransformerLensReplacementModel(config)
        model.load_state_dict(self.state(weights()), strict=False)
        transcoders = {}
        for layer, (spec, tensors) in enumerate(dictionaries()):
            transcoder = SingleLayerTranscoder(
                WIDTH, spec["features"], top_k(spec["activation"]["k"]), layer, skip_connection=spec["skip"],
                device=torch.device("cpu"), dtype=torch.float32,
            )
            transcoder.load_state_dict(tensors, strict=False)
            transcoders[layer] = transcoder
        model._configure_replacement_model(TranscoderSet(transcoders, "mlp.hook_in", "mlp.hook_out"))

        class Tokenizer:
            """Only what packaging the graph asks for; the prompt comes as tokens."""

            bos_token_id, pad_token_id, eos_token_id = 1, 1, 2
            all_special_ids = [1, 2]
            bos_token, pad_token, eos_token = "<s>", "<s>", "</s>"
            vocab_size = shape["vocabulary"]
            padding_side = "right"

            def decode(self, _tokens, **_options):
                return ""

            def __len__(self):
                return shape["vocabulary"]

        model.tokenizer = Tokenizer()
        self.model = model

    def state(self, stored):
        state = {"embed.W_E": stored["model.embed_tokens.weight"], "ln_final.w": stored["model.norm.weight"]}
        head = stored.get("lm_head.weight", stored["model.embed_tokens.weight"])
        state["unembed.W_U"] = head.T.contiguous()
        state["unembed.b_U"] = torch.zeros(shape["vocabulary"])
        split = lambda weight: weight.reshape(HEADS, HEAD, WIDTH).transpose(1, 2).contiguous()
        for layer in range(LAYERS):
            source, target = f"model.layers.{layer}", f"blocks.{layer}"
            state[f"{target}.ln1.w"] = stored[f"{source}.input_layernorm.weight"]
            state[f"{target}.ln2.w"] = stored[f"{source}.post_attention_layernorm.weight"]
            for name in "qkv":
                state[f"{target}.attn.W_{name.upper()}"] = split(stored[f"{source}.self_attn.{name}_proj.weight"])
                state[f"{target}.attn.b_{name.upper()}"] = torch.zeros(HEADS, HEAD)
            output = stored[f"{source}.self_attn.o_proj.weight"]
            state[f"{target}.attn.W_O"] = output.T.reshape(HEADS, HEAD, WIDTH).contiguous()
            state[f"{target}.attn.b_O"] = torch.zeros(WIDTH)
            state[f"{target}.mlp.W_gate"] = stored[f"{source}.mlp.gate_proj.weight"].T.contiguous()
            state[f"{target}.mlp.W_in"] = stored[f"{source}.mlp.up_proj.weight"].T.contiguous()
            state[f"{target}.mlp.W_out"] = stored[f"{source}.mlp.down_proj.weight"].T.contiguous()
            state[f"{target}.mlp.b_in"] = torch.zeros(shape["neurons"])
            state[f"{target}.mlp.b_out"] = torch.zeros(WIDTH)
        return state

    def run(self, tokens, budget):
        graph = self.attribute(
            torch.tensor(tokens), self.model, batch_size=BATCH, max_feature_nodes=budget, verbose=False
        )
        pruned = self.prune(graph, 0.8, 0.98)
        replacement, completeness = self.scores(graph)
        selected = graph.active_features[graph.selected_features]
        targets = [getattr(target, "vocab_idx", target) for target in graph.logit_targets]
        self.last = (graph.adjacency_matrix, selected, [int(target) for target in targets])
        return {
            "nodes": graph.adjacency_matrix.shape[0],
            "edges": int((graph.adjacency_matrix != 0).sum()),
            "keptNodes": int(pruned.node_mask.sum()),
            "keptEdges": int(pruned.edge_mask.sum()),
            "replacement": replacement,
            "completeness": completeness,
            "activeFeatures": graph.active_features.shape[0],
        }


def compare(adjacency, selected, targets, file, positions):
    """Our kept edges against the dense matrix, relative to the largest of the row; and the rows' sums."""
    ours = json.loads(pathlib.Path(file).read_text())
    count = selected.shape[0]
    place = {tuple(entry): i for i, entry in enumerate(selected.tolist())}

    def index(node):
        if node["kind"] == "feature":
            return place.get((node["layer"], node["position"], node["unit"]))
        if node["kind"] == "error":
            return count + node["layer"] * positions + node["position"]
        if node["kind"] == "token":
            return count + LAYERS * positions + node["position"]
        return count + (LAYERS + 1) * positions + targets.index(node["tokenId"])

    at = [index(node) for node in ours["nodes"]]
    pairs = [
        (at[target], at[source], weight)
        for source, target, weight in zip(ours["source"], ours["target"], ours["weight"])
        if at[target] is not None and at[source] is not None
    ]
    rows = torch.tensor([row for row, _, _ in pairs])
    largest = adjacency.abs().amax(dim=1)
    theirs = adjacency[rows, torch.tensor([column for _, column, _ in pairs])]
    mine = torch.tensor([weight for _, _, weight in pairs], dtype=torch.float32)
    difference = ((mine - theirs).abs() / largest[rows].clamp(min=1e-10)).max().item()
    sums = adjacency.abs().sum(dim=1)
    read = [(i, node["inputSum"]) for i, node in zip(at, ours["nodes"]) if i is not None and node["inputSum"]]
    sum_difference = max(abs(sums[i].item() - value) / value for i, value in read)
    return {
        "edges": len(pairs),
        "difference": difference,
        "sumDifference": sum_difference,
        "missing": sum(1 for i in at if i is None),
    }


def answer(value):
    print(json.dumps(value), flush=True)


peer = CircuitTracer()
baseline = resident()
answer({"about": f"{peer.about}, {torch.get_num_threads()} threads"})
for line in sys.stdin:
    request = json.loads(line)
    if request["call"] == "run":
        started = time.perf_counter()
        result = peer.run(request["tokens"], request["budget"])
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer({"seconds": seconds, "baseline": baseline, "peak": peak, **result})
    elif request["call"] == "compare":
        answer(compare(*peer.last, request["file"], request["positions"]))
