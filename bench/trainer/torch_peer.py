# The same training in PyTorch, for `npm run bench -- trainer`: a Llama of the shape that the argument gives (JSON), one thread,
# AdamW, F32, loss on the second half of each row; prints tokens a CPU-second. Attention is PyTorch's own where it has one.
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

told = json.loads(sys.argv[1])
torch.set_num_threads(1)
torch.manual_seed(1)
width, heads, kv_heads = told["width"], told["heads"], told["kvHeads"]
head, length, rows, rank = width // heads, told["length"], told["rows"], told["rank"]
adapted = told["kind"] == "adapter"


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + told["epsilon"]) * self.gain


class Adapted(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.whole = nn.Linear(inputs, outputs, bias=False)
        if adapted:
            self.a = nn.Linear(inputs, rank, bias=False)
            self.b = nn.Linear(rank, outputs, bias=False)
            nn.init.zeros_(self.b.weight)

    def forward(self, x):
        if not adapted:
            return self.whole(x)
        return self.whole(x) + 2.0 * self.b(self.a(F.dropout(x, 0.05)))


frequencies = told["ropeBase"] ** (-torch.arange(0, head, 2) / head)
angles = torch.outer(torch.arange(length).float(), frequencies)
cos, sin = angles.cos(), angles.sin()


def rotate(x):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


mask = torch.full((length, length), -math.inf).triu(1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = Norm(), Norm()
        self.q, self.o = Adapted(width, width), Adapted(width, width)
        self.k, self.v = Adapted(width, head * kv_heads), Adapted(width, head * kv_heads)
        self.gate = nn.Linear(width, told["feedForward"], bias=False)
        self.up = nn.Linear(width, told["feedForward"], bias=False)
        self.down = nn.Linear(told["feedForward"], width, bias=False)

    def forward(self, x):
        h = self.norm1(x)
        q = rotate(self.q(h).view(rows, length, heads, head).transpose(1, 2))
        k = rotate(self.k(h).view(rows, length, kv_heads, head).transpose(1, 2))
        v = self.v(h).view(rows, length, kv_heads, head).transpose(1, 2)
        k, v = (t.repeat_interleave(heads // kv_heads, 1) for t in (k, v))
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            mixed = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(head) + mask, -1) @ v
        x = x + self.o(mixed.transpose(1, 2).reshape(rows, length, width))
        f = self.norm2(x)
        return x + self.down(F.silu(self.gate(f)) * self.up(f))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(told["vocabulary"], width)
        self.blocks = nn.ModuleList(Block() for _ in range(told["layers"]))
        self.norm = Norm()

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T


model = Llama()
for parameter in model.parameters():
    if parameter.dim() > 1 and parameter.abs().sum() > 0:
        nn.init.normal_(parameter, std=0.02)
if adapted:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = ".a." in name or ".b." in name
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
ids = torch.randint(told["vocabulary"], (rows, length))
targets = torch.randint(told["vocabulary"], (rows, length))
targets[:, : length // 2] = -100  # the prompt


def step():
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(ids).flatten(0, 1), targets.flatten()).backward()
    optimizer.step()


step()
begun = time.process_time()
for _ in range(told["steps"]):
    step()
print(told["steps"] * rows * length / (time.process_time() - begun))
