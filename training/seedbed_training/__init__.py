"""Training of Seedbed's own small models: data, objectives, trainer, sampler and export."""
