// SPDX-License-Identifier: Apache-2.0
/** The device front: what a gateway may see and change of the API. */
@NullMarked
package dev.wayside.connector.gateway;

import org.jspecify.annotations.NullMarked;
