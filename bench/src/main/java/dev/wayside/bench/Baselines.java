// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The processes that ours is compared with, under the gateway's own JVM flags. */
final class Baselines {
    private static final String PACKAGES =
            "org.osgi.service.cm;version=1.6.1,org.osgi.service.component;version=1.5.1,org.osgi.service.component.annotations;version=1.5.1,"
                + "org.osgi.service.component.propertytypes;version=1.5.1,org.osgi.service.component.runtime;version=1.5.0,"
                + "org.osgi.service.component.runtime.dto;version=1.5.0,org.osgi.util.promise;version=1.3.0,org.osgi.util.function;version=1.2.0";
    private static final String CAPABILITIES =
            "osgi.extender;osgi.extender=osgi.serviceloader.processor;version:Version=1.0,"
                + "osgi.extender;osgi.extender=osgi.serviceloader.registrar;version:Version=1.0,"
                + "osgi.serviceloader;osgi.serviceloader=org.slf4j.spi.SLF4JServiceProvider";

    private Baselines() {}

    private static List<String> java(Machine machine, String classPath) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(machine.java());
        words.addAll(machine.gatewayFlags());
        words.addAll(
                List.of(
                        "-Dpackages=" + PACKAGES,
                        "-Dcapabilities=" + CAPABILITIES,
                        "-cp",
                        classPath));
        return words;
    }

    /** The jar or folder that this class came from. */
    static Path ownCode() {
        return Path.of(
                Baselines.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    static Measured bareJvm(Machine machine, Path ready, Duration within)
            throws IOException, InterruptedException {
        List<String> words = java(machine, ownCode().toString());
        words.addAll(List.of(Idle.class.getName(), ready.toString()));
        return Measured.start(words, Map.of(), ready, within);
    }

    /** Felix with the bundles. */
    static Measured felix(Machine machine, Path ready, Duration within, List<Path> bundles)
            throws IOException, InterruptedException {
        List<String> words =
                java(machine, ownCode() + ":" + machine.gatewayHome().resolve("lib") + "/*");
        words.addAll(
                List.of(
                        BareFelix.class.getName(),
                        ready.toString(),
                        machine.folder("cache").toString()));
        bundles.forEach(bundle -> words.add(bundle.toString()));
        return Measured.start(words, Map.of(), ready, within);
    }
}
