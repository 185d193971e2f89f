// SPDX-License-Identifier: Apache-2.0
/** Who this gateway is: its name, its key and its certificate. */
@NullMarked
@Export
@Version("1.0.0")
package dev.wayside.api.node;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
