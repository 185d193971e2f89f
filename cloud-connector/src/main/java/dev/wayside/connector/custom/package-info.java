// SPDX-License-Identifier: Apache-2.0
/**
 * Custom kinds as users bring them: whether the names of a CustomResourceDefinition are free, what
 * its conditions say, and that its objects go with it. What a definition means is in the package
 * {@code schema}; that the store serves it, in {@code store}.
 */
@NullMarked
package dev.wayside.connector.custom;

import org.jspecify.annotations.NullMarked;
