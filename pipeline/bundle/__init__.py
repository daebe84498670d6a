"""The model bundle: what a folder of model.json and safetensors holds, opened, checked, written."""
