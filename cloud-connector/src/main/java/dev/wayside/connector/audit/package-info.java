// SPDX-License-Identifier: Apache-2.0
/** The audit log: who did what, when, from where, and what came of it. */
@NullMarked
package dev.wayside.connector.audit;

import org.jspecify.annotations.NullMarked;
