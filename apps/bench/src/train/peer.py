"""One training step of a TopK transcoder with skip, or of a ReLU + L1 SAE, in PyTorch: loss, backward, Adam. JSON a line.

The formulas are those of packages/analysis/src/training/step-graphs.ts and update-graph.ts:
  loss = sum |y' - y|^2 / (batch * width) + coefficient / batch * sum f * |decoder row|
"""

import json
import math
import pathlib
import sys

import numpy
import torch
from torch.nn import functional

settings = json.loads(sys.argv[1])
folder = pathlib.Path(settings["folder"])
torch.set_num_threads(settings["threads"])


def read(name, shape):
    return torch.from_numpy(numpy.fromfile(folder / name, dtype="<f4").reshape(shape))


class Training:
    def __init__(self, job, decode):
        self.job = job
        self.decode = decode
        name, batch, width = job["name"], job["batch"], job["width"]
        self.weights = {
            key: torch.nn.Parameter(read(f"{name}.{key}", shape)) for key, shape in job["parameters"].items()
        }
        self.batches = [
            (read(f"{name}.x.{i}", (batch, width)), read(f"{name}.y.{i}", (batch, width)))
            for i in range(job["batches"])
        ]
        self.optimiser = torch.optim.Adam(self.weights.values(), lr=job["learningRate"], fused=True)
        self.steps = 0

    def loss(self, x, y):
        w, job = self.weights, self.job
        sae = job["kind"] == "sae"
        before = functional.linear(x - w["b_dec"] if sae else x, w["W_enc"], w["b_enc"])
        penalty = 0
        if job["k"]:
            values, places = torch.topk(before, job["k"], dim=-1, sorted=False)
            decoded = self.decode(values.relu(), places, before, w["W_dec"])
        else:
            features = before.relu()
            decoded = features @ w["W_dec"]
            lengths = (w["W_dec"].square().sum(1) + 1e-12).sqrt()
            penalty = (features * lengths).sum() * (job["coefficient"] / job["batch"])
        output = decoded + (functional.linear(x, w["W_skip"], w["b_dec"]) if job["skip"] else w["b_dec"])
        return (output - y).square().sum() / (job["batch"] * job["width"]) + penalty

    def step(self):
        x, y = self.batches[self.steps % len(self.batches)]
        self.steps += 1
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(x, y)
        loss.backward()
        decoder = self.weights["W_dec"]
        if self.job["unitDecoder"]:
            with torch.no_grad():
                decoder.grad -= (decoder.grad * decoder).sum(1, keepdim=True) * decoder
        # Kingma and Ba's shorter form (end of their section 2) has epsilon inside the correction of the second moment.
        for group in self.optimiser.param_groups:
            group["eps"] = 1e-8 / math.sqrt(1 - 0.999**self.steps)
        self.optimiser.step()
        if self.job["unitDecoder"]:
            with torch.no_grad():
                decoder /= (decoder.square().sum(1, keepdim=True) + 1e-20).sqrt()
        return loss.item()


def decode_dense(values, places, before, decoder):
    return torch.zeros_like(before).scatter(-1, places, values) @ decoder


def decode_sparse(values, places, before, decoder):
    return functional.embedding_bag(places, decoder, per_sample_weights=values, mode="sum")


DECODERS = {"dense": decode_dense, "embedding_bag": decode_sparse}
trainings = {}


def answer(value):
    print(json.dumps(value), flush=True)


answer({"about": f"PyTorch {torch.__version__}, torch.optim.Adam (fused), {torch.get_num_threads()} threads"})
for line in sys.stdin:
    request = json.loads(line)
    if request["call"] == "open":
        trainings[request["variant"]] = Training(request["job"], DECODERS[request["decode"]])
        answer({})
    elif request["call"] == "steps":
        training = trainings[request["variant"]]
        answer({"losses": [training.step() for _ in range(request["count"])]})
    elif request["call"] == "close":
        trainings.clear()
        answer({})
