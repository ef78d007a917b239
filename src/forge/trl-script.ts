// A LoRA training for a large model on another machine: the same data and the same settings (lora-settings.ts) as a Python
// program for Hugging Face's trl and peft. It puts prompts together token by token as we do (llama-chat.ts), the given
// beginning of an answer encoded apart, and takes the loss of the answer only; so an adapter of either trainer is asked at work
// what it was asked in training. Its result, a folder in PEFT's form, is converted to GGUF when it is put into lora_adapters/.
//
// What is asked of it without a GPU (--help, --dry-run) needs nothing but Python 3.9.
import type { LoraSettings } from './lora-settings.ts'

export interface TrlJob {
  /** The model's name at the hub, or its folder on that machine. */
  readonly model: string
  readonly data: { readonly file: string; readonly sha256: string; readonly documents: number }
  readonly out: string
  readonly settings: LoraSettings & { readonly rate: number }
}

const modules = {
  ...{ q: 'q_proj', k: 'k_proj', v: 'v_proj', o: 'o_proj' },
  ...{ gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
} as const

/** The text of the program. */
export function trlScript({ model, data, out, settings }: TrlJob): string {
  const { rank, alpha, dropout, bias, targets, batch, accumulation, epochs, rate } = settings
  const { warmUpShare, weightDecay, length, longer, seed, logSteps } = settings
  const told = {
    ...{ model, data: data.file, sha256: data.sha256, documents: data.documents, out },
    ...{ rank, alpha, dropout, bias, targets: targets.map((target) => modules[target]) },
    ...{ batch, accumulation, epochs, rate, warm_up_share: warmUpShare, weight_decay: weightDecay },
    ...{ length: length ?? null, longer, seed, log_steps: logSteps },
  }
  // A JSON text as a JSON string is a Python string too.
  return program.replace('"SETTINGS"', () => JSON.stringify(JSON.stringify(told)))
}

const program = String.raw`#!/usr/bin/env python3
"""Trains a LoRA adapter with trl and peft. Written by batos forge script; needs torch, transformers, datasets, trl, peft.

The result is a folder in PEFT's form. Put it into lora_adapters/ of a BAT OS home: it is converted to GGUF there and
examined. With --llama-cpp, llama.cpp's own converter writes the GGUF file here.
"""
import argparse
import hashlib
import json
import math
import os
import subprocess
import sys

SETTINGS = json.loads("SETTINGS")
SPECIAL = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")


def arguments():
    parser = argparse.ArgumentParser(description="Train a LoRA adapter on conversations with trl and peft.")
    parser.add_argument("--model", default=SETTINGS["model"], help="name at the hub, or folder (default: %(default)s)")
    parser.add_argument("--data", default=SETTINGS["data"], help="the conversations, JSON lines (default: %(default)s)")
    parser.add_argument("--out", default=SETTINGS["out"], help="folder of the adapter (default: %(default)s)")
    parser.add_argument("--other-data", action="store_true", help="take data that the settings were not written for")
    parser.add_argument("--llama-cpp", metavar="DIR", help="a checkout of llama.cpp: convert the result to GGUF, too")
    parser.add_argument("--dry-run", action="store_true", help="check data and settings, say what would be done, and stop")
    return parser.parse_args()


def give_up(problem):
    sys.exit("error: " + problem)


def read_documents(path, other):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        give_up("%s: %s; say where the data is with --data FILE" % (path, error.strerror))
    if hashlib.sha256(content).hexdigest() != SETTINGS["sha256"] and not other:
        give_up("%s is not the data that this was written for; --other-data takes it all the same" % path)
    documents = []
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
            messages = [(message["role"], message["content"]) for message in document["messages"]]
            given = document.get("given", 0)
            # Characters are counted as UTF-16 has them.
            answer = messages[-1][1].encode("utf-16-le", "surrogatepass")
            if messages[-1][0] != "assistant" or len(messages) < 2 or not 0 <= given * 2 <= len(answer):
                raise ValueError("the last message is not the assistant's, or shorter than what is given of it")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            give_up("%s, line %d: %s" % (path, number, error))
        prefix, rest = (part.decode("utf-16-le", "surrogatepass") for part in (answer[: given * 2], answer[given * 2 :]))
        documents.append((messages[:-1], prefix, rest))
    if not documents:
        give_up("%s has no documents" % path)
    return documents


def plan(args, documents):
    steps = math.ceil(math.ceil(len(documents) / SETTINGS["batch"]) / SETTINGS["accumulation"]) * SETTINGS["epochs"]
    warm_up = math.ceil(SETTINGS["warm_up_share"] * steps)
    named = {"model": args.model, "data": args.data, "out": args.out, "documents": len(documents)}
    return {**SETTINGS, **named, "steps": steps, "warm_up_steps": warm_up}


def encoded(tokenizer, documents, longest):
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    if None in ids.values() or tokenizer.unk_token_id in ids.values():
        give_up("the model does not have the special tokens of Llama 3")
    special = set(tokenizer.all_special_ids) | set(ids.values())

    def text(content):
        tokens = tokenizer(content, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        if special & set(tokens):
            give_up("a text of the data would be read as a special token; install a newer version of transformers")
        return tokens

    def header(role):
        return [ids["<|start_header_id|>"], *text(role), ids["<|end_header_id|>"], *text("\n\n")]

    rows = []
    for messages, prefix, rest in documents:
        prompt = [ids["<|begin_of_text|>"]]
        for role, content in messages:
            prompt += [*header(role), *text(content), ids["<|eot_id|>"]]
        prompt += [*header("assistant"), *text(prefix)]
        answer = [*text(rest), ids["<|eot_id|>"]]
        row = {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}
        if len(row["input_ids"]) <= longest:
            rows.append({**row, "attention_mask": [1] * len(row["input_ids"])})
        elif SETTINGS["longer"] == "refuse":
            give_up("a document has %d tokens; %d is the most" % (len(row["input_ids"]), longest))
    if not rows:
        give_up("no document fits into %d tokens" % longest)
    print("%d of %d documents" % (len(rows), len(documents)), file=sys.stderr)
    return rows


def train(args, todo, documents):
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, DataCollatorForSeq2Seq
    from trl import SFTConfig, SFTTrainer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    half = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    model = AutoModelForCausalLM.from_pretrained(args.model, torch_dtype=torch.bfloat16 if half else torch.float32)
    longest = min(SETTINGS["length"] or model.config.max_position_embeddings, model.config.max_position_embeddings)
    rows = encoded(tokenizer, documents, longest)
    config = SFTConfig(
        output_dir=args.out,
        num_train_epochs=SETTINGS["epochs"],
        per_device_train_batch_size=SETTINGS["batch"],
        gradient_accumulation_steps=SETTINGS["accumulation"],
        learning_rate=SETTINGS["rate"],
        lr_scheduler_type="cosine",
        warmup_steps=todo["warm_up_steps"],
        weight_decay=SETTINGS["weight_decay"],
        optim="adamw_torch",
        logging_steps=SETTINGS["log_steps"],
        save_strategy="no",
        report_to="none",
        seed=SETTINGS["seed"],
        bf16=half,
        gradient_checkpointing=True,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    lora = LoraConfig(
        r=SETTINGS["rank"],
        lora_alpha=SETTINGS["alpha"],
        lora_dropout=SETTINGS["dropout"],
        bias=SETTINGS["bias"],
        target_modules=SETTINGS["targets"],
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True, label_pad_token_id=-100),
        processing_class=tokenizer,
        peft_config=lora,
    )
    trainer.train()
    trainer.save_model(args.out)


def convert(args):
    converter = os.path.join(args.llama_cpp, "convert_lora_to_gguf.py")
    file = args.out.rstrip("/") + ".gguf"
    base = ["--base", args.model] if os.path.isdir(args.model) else ["--base-model-id", args.model]
    subprocess.run([sys.executable, converter, *base, "--outtype", "f16", "--outfile", file, args.out], check=True)
    print(file)


def main():
    args = arguments()
    if args.llama_cpp and not os.path.isfile(os.path.join(args.llama_cpp, "convert_lora_to_gguf.py")):
        give_up("%s has no convert_lora_to_gguf.py" % args.llama_cpp)
    documents = read_documents(args.data, args.other_data)
    todo = plan(args, documents)
    if args.dry_run:
        print(json.dumps(todo))
        return
    train(args, todo, documents)
    print(args.out)
    if args.llama_cpp:
        convert(args)


if __name__ == "__main__":
    main()
`
