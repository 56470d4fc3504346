"""FacEDiTBench: items, systems, measures, reports."""
