"""SAELens' TopK encode, or its steps in plain PyTorch, on the weights and rows that the bench wrote. One JSON a line."""

import json
import pathlib
import sys
import time

import numpy
import torch

settings = json.loads(sys.argv[1])
folder = pathlib.Path(settings["folder"])
width, features, k = settings["width"], settings["features"], settings["k"]
torch.set_num_threads(settings["threads"])


def read(name, *shape):
    return torch.from_numpy(numpy.fromfile(folder / name, dtype="<f4").reshape(shape))


def plain_encoder(w_enc, b_enc):
    def encode(x):
        before = x @ w_enc + b_enc
        values, places = torch.topk(before, k=k, dim=-1, sorted=False)
        return torch.zeros_like(before).scatter_(-1, places, values.relu())

    return encode


def sae_lens_encoder(w_enc, b_enc):
    config = TopKSAEConfig(d_in=width, d_sae=features, k=k, apply_b_dec_to_input=False, device="cpu")
    sae = TopKSAE(config)
    state = {"W_enc": w_enc, "b_enc": b_enc, "W_dec": torch.zeros(features, width), "b_dec": torch.zeros(width)}
    sae.load_state_dict(state)
    return sae.eval().encode


try:
    import sae_lens
    from sae_lens import TopKSAE, TopKSAEConfig

    about = f"SAELens {sae_lens.__version__} (TopKSAE.encode), PyTorch {torch.__version__}"
    make = sae_lens_encoder
except ImportError:
    about = f"plain PyTorch {torch.__version__} (matmul, topk, scatter as SAELens' TopK; sae_lens is not installed)"
    make = plain_encoder

encoders = [
    make(read(f"W_enc.{layer}", features, width).T.contiguous(), read(f"b_enc.{layer}", features))
    for layer in range(settings["layers"])
]
inputs = {
    name: [read(f"{name}.{layer}", rows, width) for layer in range(settings["layers"])]
    for name, rows in settings["rows"].items()
}


def encode_all(name, piece):
    for encode, x in zip(encoders, inputs[name]):
        for part in x.split(piece):
            encode(part)


def answer(value):
    print(json.dumps(value), flush=True)


answer({"about": f"{about}, {torch.get_num_threads()} threads"})
with torch.inference_mode():
    for line in sys.stdin:
        request = json.loads(line)
        if request["call"] == "encode":
            started = time.perf_counter()
            for _ in range(request["repetitions"]):
                encode_all(request["rows"], request["piece"])
            answer({"seconds": time.perf_counter() - started})
        elif request["call"] == "dense":
            value = encoders[request["layer"]](inputs[request["rows"]][request["layer"]][: request["count"]])
            value.numpy().astype("<f4").tofile(folder / "dense")
            answer({})
