export { DoseResponseChart, type DoseResponseChartProps } from "./DoseResponseChart.tsx";
export { ExportMenu, type ExportMenuProps, type ExportTable } from "./ExportMenu.tsx";
export { type CsvCell, csvDocument, saveFile, svgDocument } from "./figure-export.ts";
export { Histogram, type HistogramProps } from "./Histogram.tsx";
export { NeuronScatter, type NeuronScatterProps } from "./NeuronScatter.tsx";
export { TokenHeatMap, type TokenHeatMapProps } from "./TokenHeatMap.tsx";
export { type ElementSize, useElementSize } from "./use-element-size.ts";
export { useThemeName } from "./use-theme-name.ts";
export { type TableColumn, type TableSort, VirtualTable, type VirtualTableProps } from "./VirtualTable.tsx";
