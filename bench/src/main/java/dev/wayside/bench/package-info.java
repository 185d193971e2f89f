// SPDX-License-Identifier: Apache-2.0

/** Benchmarks that print ratios, which travel between machines better than times do. */
@NullMarked
package dev.wayside.bench;

import org.jspecify.annotations.NullMarked;
