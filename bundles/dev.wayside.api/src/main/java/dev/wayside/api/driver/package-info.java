// SPDX-License-Identifier: Apache-2.0
/** The contract between the workload agent and whatever runs containers. */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.api.driver;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
