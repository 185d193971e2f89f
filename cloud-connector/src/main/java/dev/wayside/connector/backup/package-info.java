// SPDX-License-Identifier: Apache-2.0
/** Backups: what is in one, how it is taken from a running connector, how one comes back. */
@NullMarked
package dev.wayside.connector.backup;

import org.jspecify.annotations.NullMarked;
