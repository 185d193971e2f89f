// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/**
 * Felix with the bundles that are named and nothing else. Arguments: the file to make when up, the
 * cache folder, then bundle files; for each class named in {@code -Dload=a,b} the class is loaded
 * from the bundle that has it, so that the library's cost shows.
 */
public final class BareFelix {
    private BareFelix() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, args[1]);
        properties.put(
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        properties.put("felix.cache.locking", "false");
        properties.put("felix.log.level", "1");
        properties.put(
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, System.getProperty("packages", ""));
        properties.put(
                Constants.FRAMEWORK_SYSTEMCAPABILITIES_EXTRA,
                System.getProperty("capabilities", ""));
        Framework framework =
                ServiceLoader.load(FrameworkFactory.class)
                        .findFirst()
                        .orElseThrow()
                        .newFramework(properties);
        framework.init();
        List<Bundle> bundles = new ArrayList<>();
        for (int i = 2; i < args.length; i++) {
            bundles.add(
                    framework
                            .getBundleContext()
                            .installBundle("reference:" + Path.of(args[i]).toUri()));
        }
        framework.start();
        for (Bundle bundle : bundles) {
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.start();
            }
        }
        Files.createFile(Path.of(args[0]));
        framework.waitForStop(0);
    }
}
