"""TransformerLens' own patching functions on the same weights. One JSON object a line.

Settings: {"files": [safetensors], "family": "llama" | "gpt2", "shape": {...}, "threads": n}
Calls: {"call": "sweep", "kind": "resid_pre" | "heads", "clean": [...], "corrupted": [...], "token": t, "minus": m}
"""

import importlib.metadata
import json
import sys

import torch
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig, patching

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
torch.set_grad_enabled(False)
shape = settings["shape"]
layers, heads, width = shape["layers"], shape["heads"], shape["residualWidth"]
head_width = shape["headWidth"]
stored = {}
for file in settings["files"]:
    stored.update({name: value.float() for name, value in load_file(file).items()})


def configuration():
    shared = {
        "n_layers": layers,
        "n_heads": heads,
        "d_model": width,
        "d_head": head_width,
        "d_mlp": shape["neurons"],
        "d_vocab": shape["vocabulary"],
        "n_ctx": shape["context"],
        "eps": shape["norm"]["epsilon"],
        "init_weights": False,
        "device": "cpu",
    }
    if settings["family"] == "gpt2":
        return HookedTransformerConfig(**shared, act_fn="gelu_new", normalization_type="LN")
    return HookedTransformerConfig(
        **shared,
        act_fn="silu",
        normalization_type="RMS",
        final_rms=True,
        gated_mlp=True,
        positional_embedding_type="rotary",
        rotary_dim=head_width,
        rotary_base=10000,
    )


def per_head(matrix):
    """[output, input] -> [head, input, head dimension]"""
    return matrix.reshape(heads, head_width, width).transpose(1, 2).contiguous()


def llama_weights():
    state = {"embed.W_E": stored["model.embed_tokens.weight"], "ln_final.w": stored["model.norm.weight"]}
    unembedding = stored.get("lm_head.weight", stored["model.embed_tokens.weight"])
    state["unembed.W_U"] = unembedding.T.contiguous()
    state["unembed.b_U"] = torch.zeros(unembedding.shape[0])
    for layer in range(layers):
        old, new = f"model.layers.{layer}", f"blocks.{layer}"
        state[f"{new}.ln1.w"] = stored[f"{old}.input_layernorm.weight"]
        state[f"{new}.ln2.w"] = stored[f"{old}.post_attention_layernorm.weight"]
        for letter in "QKV":
            state[f"{new}.attn.W_{letter}"] = per_head(stored[f"{old}.self_attn.{letter.lower()}_proj.weight"])
            state[f"{new}.attn.b_{letter}"] = torch.zeros(heads, head_width)
        output = stored[f"{old}.self_attn.o_proj.weight"]
        state[f"{new}.attn.W_O"] = output.T.reshape(heads, head_width, width).contiguous()
        state[f"{new}.attn.b_O"] = torch.zeros(width)
        state[f"{new}.mlp.W_in"] = stored[f"{old}.mlp.up_proj.weight"].T.contiguous()
        state[f"{new}.mlp.W_gate"] = stored[f"{old}.mlp.gate_proj.weight"].T.contiguous()
        state[f"{new}.mlp.W_out"] = stored[f"{old}.mlp.down_proj.weight"].T.contiguous()
        state[f"{new}.mlp.b_in"] = torch.zeros(shape["neurons"])
        state[f"{new}.mlp.b_out"] = torch.zeros(width)
    return state


def gpt2_weights():
    state = {
        "embed.W_E": stored["transformer.wte.weight"],
        "pos_embed.W_pos": stored["transformer.wpe.weight"],
        "ln_final.w": stored["transformer.ln_f.weight"],
        "ln_final.b": stored["transformer.ln_f.bias"],
        "unembed.W_U": stored["transformer.wte.weight"].T.contiguous(),
        "unembed.b_U": torch.zeros(shape["vocabulary"]),
    }
    for layer in range(layers):
        old, new = f"transformer.h.{layer}", f"blocks.{layer}"
        for ours, theirs in (("ln1", "ln_1"), ("ln2", "ln_2")):
            state[f"{new}.{ours}.w"] = stored[f"{old}.{theirs}.weight"]
            state[f"{new}.{ours}.b"] = stored[f"{old}.{theirs}.bias"]
        matrices = stored[f"{old}.attn.c_attn.weight"].split(width, dim=1)
        biases = stored[f"{old}.attn.c_attn.bias"].split(width)
        for letter, matrix, bias in zip("QKV", matrices, biases):
            state[f"{new}.attn.W_{letter}"] = per_head(matrix.T)
            state[f"{new}.attn.b_{letter}"] = bias.reshape(heads, head_width)
        state[f"{new}.attn.W_O"] = stored[f"{old}.attn.c_proj.weight"].reshape(heads, head_width, width)
        state[f"{new}.attn.b_O"] = stored[f"{old}.attn.c_proj.bias"]
        state[f"{new}.mlp.W_in"] = stored[f"{old}.mlp.c_fc.weight"]
        state[f"{new}.mlp.b_in"] = stored[f"{old}.mlp.c_fc.bias"]
        state[f"{new}.mlp.W_out"] = stored[f"{old}.mlp.c_proj.weight"]
        state[f"{new}.mlp.b_out"] = stored[f"{old}.mlp.c_proj.bias"]
    return state


def build():
    model = HookedTransformer(configuration())
    weights = gpt2_weights() if settings["family"] == "gpt2" else llama_weights()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    unset = [name for name in missing if not name.endswith(("mask", "IGNORE", "rotary_sin", "rotary_cos"))]
    if unset or unexpected:
        raise ValueError(f"not set: {unset}; not known: {unexpected}")
    return model


model = build()
FUNCTIONS = {
    "resid_pre": patching.get_act_patch_resid_pre,
    "heads": patching.get_act_patch_attn_head_out_all_pos,
}


def sweep(request):
    clean, corrupted = (torch.tensor([request[name]]) for name in ("clean", "corrupted"))
    token, minus = request["token"], request["minus"]

    def metric(logits):
        return logits[0, -1, token] - logits[0, -1, minus]

    _, cache = model.run_with_cache(clean)
    values = FUNCTIONS[request["kind"]](model, corrupted, cache, metric)
    return {"values": values.flatten().tolist()}


versions = {name: importlib.metadata.version(name) for name in ("transformer-lens", "torch")}
about = f"TransformerLens {versions['transformer-lens']}, PyTorch {versions['torch']}, {torch.get_num_threads()} threads"
print(json.dumps({"about": about}), flush=True)
for line in sys.stdin:
    print(json.dumps(sweep(json.loads(line))), flush=True)
