// SPDX-License-Identifier: Apache-2.0

/**
 * Places: which nodes are a NodeUnit, which units are a NodeGroup, and what nodes get from both. A
 * grid whose {@code gridUniqKey} is a group's name has one site per unit of it.
 */
@NullMarked
package dev.wayside.connector.site;

import org.jspecify.annotations.NullMarked;
