// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The bare JVM: says that it is up, then waits to be ended. Arguments: the file to make when up.
 */
public final class Idle {
    private Idle() {}

    public static void main(String[] args) throws Exception {
        Files.createFile(Path.of(args[0]));
        Thread.currentThread().join();
    }
}
