// SPDX-License-Identifier: Apache-2.0
/** Roles and their bindings: who may do what, and who may say so. */
@NullMarked
package dev.wayside.connector.access;

import org.jspecify.annotations.NullMarked;
