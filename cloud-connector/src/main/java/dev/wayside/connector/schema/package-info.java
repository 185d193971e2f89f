// SPDX-License-Identifier: Apache-2.0
/**
 * What each kind is: its fields, defaults, rules, patches and columns. Everything here is pure and
 * immutable: it reads objects and returns objects, and does no input or output beyond reading the
 * type table from the jar. A new built-in kind is a class that extends {@link
 * dev.wayside.connector.schema.TypedKind} and a line in {@link
 * dev.wayside.connector.schema.BuiltInKinds}.
 */
@NullMarked
package dev.wayside.connector.schema;

import org.jspecify.annotations.NullMarked;
