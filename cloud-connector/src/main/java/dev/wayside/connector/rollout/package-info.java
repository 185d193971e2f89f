// SPDX-License-Identifier: Apache-2.0
/**
 * What comes next when a change goes from site to site: pure, from what is asked, what is stored
 * and how the sites are.
 */
@NullMarked
package dev.wayside.connector.rollout;

import org.jspecify.annotations.NullMarked;
