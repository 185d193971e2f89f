// SPDX-License-Identifier: Apache-2.0
/**
 * Server-side apply: who set which field of an object, what a configuration that is applied makes
 * of it, and where two writers disagree. Pure: trees in, trees out. What a kind's fields look like
 * comes as a {@link dev.wayside.connector.apply.Shape}.
 */
@NullMarked
package dev.wayside.connector.apply;

import org.jspecify.annotations.NullMarked;
