"""execute-notebook.py FILE...: runs notebooks in place. Keeps their metadata free of anything about this machine."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

for name in sys.argv[1:]:
    notebook = nbformat.read(name, as_version=4)
    # Notebooks import their shared tools from their own folder.
    folder = {"metadata": {"path": str(Path(name).resolve().parent)}}
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False, resources=folder,
                            coalesce_streams=True)
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"{name}: a cell failed.\n\n{error}")
    notebook.metadata = nbformat.from_dict(METADATA)
    nbformat.write(notebook, name)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    print(f"{Path(name).name}: {cells} cells ran")
