// SPDX-License-Identifier: Apache-2.0

/**
 * One spec, every site: turns a grid into a Deployment, StatefulSet or Service per site or for all,
 * and starts all controllers of the connector.
 */
@NullMarked
package dev.wayside.connector.grid;

import org.jspecify.annotations.NullMarked;
