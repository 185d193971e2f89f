// SPDX-License-Identifier: Apache-2.0
/** Service accounts: their tokens are signed here, and known again. */
@NullMarked
package dev.wayside.connector.account;

import org.jspecify.annotations.NullMarked;
