/** Sizes beyond which a configuration is absurd: a few times the largest that has been published (2.5 M features). */
export const MAXIMUM_FEATURES = 1 << 24;
export const MAXIMUM_WIDTH = 1 << 18;
export const MAXIMUM_LAYERS = 1000;
/** Elements of one tensor: what a Float32Array can hold on every platform that we run on (8 GiB). */
export const MAXIMUM_ELEMENTS = 2 ** 31;
