// SPDX-License-Identifier: Apache-2.0

/**
 * One spec, every site: turns a DeploymentGrid into a Deployment per site, and starts all
 * controllers of the connector.
 */
@NullMarked
package dev.wayside.connector.grid;

import org.jspecify.annotations.NullMarked;
