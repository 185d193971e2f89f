// SPDX-License-Identifier: Apache-2.0
/**
 * The contract of the state cache: what the gateway should run, what it has to report, and what it
 * must remember.
 */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.api.state;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
