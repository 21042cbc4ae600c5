// What it costs to cut code at the start of a line, by what the line is. bench/chunking prices a syntax tree by the same.

export const MAX_DEPTH = 5;
export const DEFINITION_COST = -0.3;
export const DEFINITION_COST_PER_DEPTH = 0.05;
export const FIRST_IN_PARENT_COST = 1;
export const STATEMENT_COST = 0.5;
export const STATEMENT_COST_PER_DEPTH = 0.25;
export const GAP_GAIN = 0.35;
export const AFTER_BLOCK_GAIN = 0.1;
export const COMMENT_LINE_COST = 1.2;
export const INTO_BLOCK_COST = 1.8;
export const CONTINUATION_COST = 2.5;
export const FROM_LEAD_COST = 3;
export const CLOSER_COST = 4;
