"""The verbs of the command line, by name; nothing is imported before its verb runs."""

VERBS: dict[str, tuple[str, str]] = {
    "grow": ("retia.synthesis.cohort:grow", "Grow a cohort of synthetic OCTA eyes."),
    "render": (
        "retia.synthesis.redraw:render",
        "Draw the images of a cohort again from its saved graphs.",
    ),
    "render train": (
        "retia.synthesis.appearance.training:train",
        "Train the renderer that draws OCTA images from vessel maps.",
    ),
    "segment": (
        "retia.segmentation.segment:segment",
        "Find vessels, FAZ and lesions in OCTA images.",
    ),
    "segment train": (
        "retia.segmentation.training.train:train",
        "Train the network that finds vessels, FAZ and lesions.",
    ),
    "graph": ("retia.graphs.graph:graph", "Turn masks or images into vessel graphs."),
    "graph reference": (
        "retia.graphs.healthy:reference",
        "Measure what is usual in the vessel graphs of healthy eyes.",
    ),
    "stage train": ("retia.staging.train:train", "Train the graph neural network that stages."),
    "stage cross-validate": (
        "retia.staging.cross_validate:cross_validate",
        "Cross-validate staging by graph network and baselines, in the same folds.",
    ),
    "stage predict": ("retia.staging.predict:predict", "Stage vessel graphs with a trained model."),
    "attribute": (
        "retia.attribution.attribute:attribute",
        "Attribute stages to graph elements, and turn the top ones into findings.",
    ),
    "attribute check": (
        "retia.attribution.check:check",
        "Measure how faithful attributions are, and whether they point at the lesions.",
    ),
    "attribute figure": (
        "retia.evaluation.interpretability:figure",
        "Draw CNN saliency, graph attribution and explanation of the same eyes side by side.",
    ),
    "import vqa-rad": (
        "retia.sources.vqa_rad:import_vqa_rad",
        "Import VQA-RAD: radiological images with questions.",
    ),
    "import slake": (
        "retia.sources.slake:import_slake",
        "Import SLAKE: radiological images with questions and boxes.",
    ),
    "import cholect50": (
        "retia.sources.cholect50:import_cholect50",
        "Import CholecT50: surgical frames with phases, instruments, verbs and targets.",
    ),
    "import octa500": (
        "retia.sources.octa500:import_octa500",
        "Import OCTA-500: en-face OCTA images with diagnosis, age, sex and laterality.",
    ),
    "import idrid": (
        "retia.sources.idrid:import_idrid",
        "Import IDRiD: fundus photographs with grades and lesion masks.",
    ),
    "import csv": (
        "retia.sources.tabular:import_csv",
        "Import a folder of images with a table of labels.",
    ),
    "import octa-svr": (
        "retia.sources.octa_svr:import_octa_svr",
        "Import OCTA-100K-SVR: synthetic OCTA with lesion metadata and texts.",
    ),
    "import several": (
        "retia.sources.several:import_several",
        "Import several data sets as one folder of cases.",
    ),
    "import check": (
        "retia.claims.imported_text:check_text",
        "Count the sentences of imported texts that their own annotations contradict.",
    ),
    "import frames": (
        "retia.sources.frames:import_frames",
        "Import surgical videos as frames, with or without labels.",
    ),
    "import samples": (
        "retia.sources.conversations:import_samples",
        "Import conversations of other tools (LLaVA, ShareGPT, TRL, question rows) as samples.",
    ),
    "write": ("retia.instructions.write:write", "Put cases into words: instruction samples."),
    "export": (
        "retia.instructions.export:export",
        "Write samples or a cohort as other tools read them.",
    ),
    "preflight": ("retia.tuning.preflight:preflight", "Refuse samples that would ruin a run."),
    "sft": ("retia.tuning.sft:sft", "Tune a student in two stages on instruction samples."),
    "grpo": (
        "retia.tuning.grpo:grpo",
        "Train a tuned student on rewards of its own answers.",
    ),
    "merge": (
        "retia.tuning.merge:merge",
        "Merge a LoRA adapter into its base model and check that both answer alike.",
    ),
    "ask": ("retia.students.answer_images:answer_images", "Ask a student about images."),
    "evaluate": ("retia.evaluation.evaluate:evaluate", "Audit a model on held-out samples."),
    "compare": (
        "retia.evaluation.compare:compare",
        "Compare two or more audits on the same items, with paired tests.",
    ),
    "explain": ("retia.explain:explain", "Explain one image in both voices."),
    "serve": ("retia.serving.serve:serve", "Serve a student over HTTP, as OpenAI's chat API."),
    "demo": (
        "retia.demo.demo:demo",
        "Open a page where a student explains a picture and the graph checks it.",
    ),
    "run": ("retia.cli:run", "Run a whole recipe, step after step, resumable."),
    "doctor": ("retia.doctor:doctor", "Tell what this machine can do."),
}
"""Verb to (function, help line); a test holds each line against its function's docstring."""

POSITIONAL: dict[str, tuple[str, ...]] = {
    "run": ("--recipe",),
    "render": ("--cohort",),
    "ask": ("--model", "--image"),
    "compare": ("--audits",),
    "explain": ("--image",),
    "serve": ("--model",),
    "demo": ("--model",),
}
"""Verbs whose first words may be the values of these flags, in this order."""


DESCRIBED = {
    "ask": "retia.students.answer_images:describe",
    "explain": "retia.explain:describe",
}
"""Verbs whose result people read on the terminal: the function that words it."""
