// SPDX-License-Identifier: Apache-2.0
/**
 * The connector's certificate authority, the files it keeps, and how gateways get their
 * certificates.
 */
@NullMarked
package dev.wayside.connector.pki;

import org.jspecify.annotations.NullMarked;
